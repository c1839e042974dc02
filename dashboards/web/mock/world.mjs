// A little world that plays a story: touchpoints, scores, alerts. It has the shapes of the real thing, not its rules: enough to
// develop, test and photograph the board without Kafka. Time is an argument.

import { people, pickCalm, pickTrouble, pickTroubleOn, seeded } from './people.mjs';

const MINUTE = 60_000;
const CHANNELS = ['website', 'chat', 'social', 'call'];
const TOPICS = CHANNELS.map((c) => `touchpoints.${c}`);

export class World {
  constructor(seed, now, { rate = 8 } = {}) {
    this.random = seeded(seed);
    this.rate = rate;
    this.people = new Map(people().map((p) => [p.id, { ...p, touchpoints: [], signals: [], total: 0, first: now - 400 * 86_400_000 }]));
    this.places = new Map();
    this.alerts = new Map();
    this.minutes = new Map();
    this.feed = [];
    this.number = 0;
    this.stalled = new Map();
    this.change = empty();
    this.past(now);
    this.progressAt(now);
    this.change = empty();
  }

  /** Plays the hour before now, with a day of history for those in trouble. */
  past(now) {
    const ids = [...this.people.keys()];
    for (const [i, n] of [[0, 8], [1, 6], [2, 5], [3, 5], [7, 4], [4, 4], [8, 3], [11, 3], [5, 3], [14, 3], [9, 2], [17, 2]]) {
      const channels = i % 2 ? ['website', 'call', 'chat'] : CHANNELS;
      for (let k = 0; k < n; k++) this.happen(ids[i], pickTroubleOn([channels[k % channels.length]], this.random), now - (n - k) * 5 * MINUTE - i * 2 * MINUTE);
      for (let k = 0; k < 10; k++) this.happen(ids[i], pickCalm(this.random), now - (20 + k * 17 + i) * MINUTE);
    }
    for (let t = now - 60 * MINUTE; t < now; t += 1000) this.step(t, true);
    const open = [...this.alerts.values()].sort((a, b) => a.since - b.since);
    const [first, second, third] = open.filter((a) => a.severity !== 'critical');
    if (first) this.act(first.id, 'resolve', { by: 'Mia', outcome: 'handled', note: 'Called back, refunded.' }, now - 22 * MINUTE);
    if (second) this.act(second.id, 'acknowledge', { by: 'Tom', note: 'On the phone with them.' }, now - 4 * MINUTE);
    if (third) this.end(third, 'recovered', now - 9 * MINUTE);
  }

  /** Advances to now: some calm touchpoints, now and then a bad one. */
  step(now, past = false) {
    this.progressAt(now);
    const ids = [...this.people.keys()];
    const wave = 1 + 0.35 * Math.sin(now / 540_000) + 0.15 * Math.sin(now / 97_000);
    let n = this.rate * wave;
    while (n > this.random()) {
      n -= 1;
      const anonymous = this.random() < 0.86;
      const [, channel, kind, place] = anonymous ? pickCalm(this.random) : [];
      if (anonymous) this.count(channel, now, this.random() < 0.025);
      if (anonymous && this.random() < 0.1) this.show(channel, kind, place, now);
      if (!anonymous && this.random() < 0.12) this.happen(ids[Math.floor(this.random() ** 1.6 * ids.length)], pickCalm(this.random), now);
    }
    if (this.random() < (past ? 0.004 : 0.02)) this.happen(ids[Math.floor(this.random() * ids.length)], pickTrouble(this.random), now);
    for (const a of this.alerts.values()) if (isOpen(a) && now - a.updated_at > 55 * MINUTE) this.end(a, 'recovered', now);
  }

  /** A visitor that nobody knows. */
  show(channel, kind, place, now) {
    this.push({ id: this.id(channel), at: now, channel, kind, customer: `anon_${hex(this.random)}`, place: place.page ?? place.queue ?? place.platform, score: 100 });
  }

  happen(id, [, channel, kind, place, text = '', more = {}], now) {
    const p = this.people.get(id);
    const t = {
      id: this.id(channel), channel, kind, customer: id, occurred_at: now, received_at: now + 40,
      source: { topic: `touchpoints.${channel}`, partition: 0, epoch: 0, offset: this.number, index: 0 },
      place: { ...place, thread: `t-${Math.floor(now / 1_800_000)}` },
      ...(text && { text, language: more.language ?? p.profile.language }),
      ...(more.mood !== undefined && { mood: { displeasure: more.mood, problem: Math.max(0, more.mood), confidence: 0.8, words: [] } }),
      ...(more.rating && { rating: { metric: more.rating[0], score: more.rating[1], min: more.rating[2], max: more.rating[3] } }),
      ...(more.duration && { duration_ms: more.duration }),
      ...(more.status && { status: more.status }),
      ...(more.amount && { amount: more.amount }),
      ...(more.reach && { reach: more.reach }),
      ...(more.attributes && { attributes: more.attributes }),
    };
    p.touchpoints.unshift(t);
    p.touchpoints.sort((a, b) => b.occurred_at - a.occurred_at);
    p.touchpoints.length = Math.min(p.touchpoints.length, 120);
    p.total++;
    for (const [name, weight, half, reason] of more.signals ?? []) {
      p.signals.push({ signal: `${name}/${t.id}`, name, episode: t.id, weight, half_life_seconds: half, at: now, channel, reason, evidence: [t.id] });
      if (weight < 0 && place.page) this.hurtAt(`page:${place.page}`, id, name, channel, reason, now);
    }
    const bad = (more.signals ?? []).some(([, w]) => w < 0);
    this.count(channel, now, bad, !bad && (more.signals ?? []).length > 0);
    this.push({
      id: t.id, at: now, channel, kind, customer: id, name: p.profile.name, text: text.slice(0, 140),
      place: place.element ? `${place.element} on ${place.page}` : (place.page ?? place.queue ?? place.platform),
      score: this.score(p, now), signals: (more.signals ?? []).map(([n]) => n), mood: more.mood,
    });
    this.judge(p, now);
    this.change.risk.add(id);
  }

  judge(p, now) {
    const score = this.score(p, now);
    const bad = p.signals.filter((s) => s.weight < 0 && now - s.at < 86_400_000);
    const channels = [...new Set(bad.map((s) => s.channel))].sort();
    const last = bad.at(-1);
    if (!last) return;
    const facts = { subject: this.subject(p), channels, score, evidence: bad.slice(-6).map((s) => ({ touchpoint: s.evidence[0], channel: s.channel, at: s.at, signal: s.name, reason: s.reason })) };
    if (score < 40) this.raise('score_low', 'Experience below 40', 'critical', p.id, now, { ...facts, reason: `The score fell to ${score.toFixed(1)}: ${last.reason}.` });
    if (channels.length > 1 && p.profile.value > 30_000) this.raise('two_channels', `Trouble on ${channels.length} channels`, 'high', p.id, now, { ...facts, reason: `Bad contacts on ${channels.join(' and ')} within 24 h; the latest: ${last.reason}.` });
    if (p.profile.value > 40_000 && last.name === 'negative_text') this.raise('valuable_unhappy', 'Valuable customer is unhappy', 'high', p.id, now, { ...facts, reason: `${p.profile.name} ${last.reason}.` });
    if (last.name === 'long_wait') this.raise('long_wait', 'Long wait in the queue', 'warning', p.id, now, { ...facts, reason: `${p.profile.name} ${last.reason}.` });
    if (last.name === 'repeat_contact') this.raise('third_contact', 'Third contact in 72 hours', 'warning', p.id, now, { ...facts, reason: `${p.profile.name}: ${last.reason}.` });
    if (last.name === 'form_struggle') this.raise('form', 'Struggles with a form', 'info', p.id, now, { ...facts, reason: `${last.reason} on /account.` });
  }

  hurtAt(key, customer, signal, channel, reason, now) {
    const place = this.places.get(key) ?? { id: key, hits: [], total: 0 };
    this.places.set(key, place);
    place.hits.push({ customer, signal, channel, at: now, reason });
    place.total++;
    const recent = place.hits.filter((h) => now - h.at < 30 * MINUTE);
    const hurt = new Set(recent.map((h) => h.customer)).size;
    if (hurt < 4) return;
    this.raise('broken_page', 'One page hurts many customers', 'critical', key, now, {
      subject: { kind: 'place', id: key, name: key, link: `/places/${encodeURIComponent(key)}` },
      channels: ['website'], score: -1, affected: hurt,
      reason: `${hurt} customers had trouble on ${key.slice(5)} within 30 min; most often: ${reason}.`,
      evidence: recent.slice(-6).map((h) => ({ customer: h.customer, channel: h.channel, at: h.at, signal: h.signal, reason: h.reason })),
    });
  }

  raise(rule, title, severity, subject, now, facts) {
    const open = [...this.alerts.values()].find((a) => a.rule === rule && a.subject.id === subject && isOpen(a));
    const a = open
      ? { ...open, ...facts, version: open.version + 1, updated_at: now }
      : { id: `${rule}-${subject}-${now}`, version: 1, rule, rule_version: 'a1b2c3', title, severity, phase: 'firing', since: now, updated_at: now, late: false, ...facts };
    this.alerts.set(a.id, a);
    this.change.alerts.add(a.id);
  }

  act(id, verb, { by, note, outcome }, now) {
    const a = this.alerts.get(id);
    if (!a || !isOpen(a)) return;
    const next = { ...a, version: a.version + 1, updated_at: now, acknowledged_by: by, note };
    this.alerts.set(id, verb === 'acknowledge' ? { ...next, phase: 'acknowledged' } : { ...next, phase: 'resolved', outcome: outcome ?? 'handled' });
    this.change.alerts.add(id);
    this.change.risk.add(a.subject.id);
  }

  end(a, outcome, now) {
    this.alerts.set(a.id, { ...a, version: a.version + 1, phase: 'resolved', outcome, updated_at: now });
    this.change.alerts.add(a.id);
  }

  subject(p) {
    return { kind: 'customer', id: p.id, ...p.profile, reach: p.aliases.filter((a) => a.kind !== 'id'), link: `/customers/${p.id}` };
  }

  score(p, now) {
    return this.explain(p, now).score;
  }

  explain(p, now) {
    const contributions = p.signals
      .filter((s) => s.at <= now)
      .map((s) => ({ ...s, points: round(s.weight * 2 ** (-(now - s.at) / 1000 / s.half_life_seconds)) }));
    const raw = round(100 + contributions.reduce((s, c) => s + c.points, 0));
    const score = Math.min(100, Math.max(0, raw));
    if (raw !== score) contributions.push({ name: 'limit', points: round(score - raw) });
    return { baseline: 100, score, contributions };
  }

  count(channel, now, negative, recovery = false) {
    const minute = now - (now % MINUTE);
    const key = `${minute}|${channel}`;
    const m = this.minutes.get(key) ?? { minute, channel, total: 0, negatives: 0, recoveries: 0 };
    this.minutes.set(key, { ...m, total: m.total + 1, negatives: m.negatives + (negative ? 1 : 0), recoveries: m.recoveries + (recovery ? 1 : 0) });
    this.change.minutes.add(key);
    if (this.minutes.size > 70 * CHANNELS.length) for (const [k, v] of this.minutes) if (v.minute < now - 61 * MINUTE) this.minutes.delete(k);
  }

  push(item) {
    this.feed.push(item);
    this.feed.sort((a, b) => b.at - a.at);
    this.feed.length = Math.min(this.feed.length, 30);
    this.change.feed.push(item);
  }

  progressAt(now) {
    const sources = TOPICS.map((topic) => ({ topic, up_to: this.stalled.get(topic) ?? now - 300 }));
    this.progress = { up_to: Math.min(...sources.map((s) => s.up_to)), sources, warnings: this.warnings };
  }

  warn(words) {
    this.warnings = words ? [words] : undefined;
  }

  stall(topic, at) {
    this.stalled.set(topic, at);
  }

  flow() {
    this.stalled.clear();
  }

  risk(now) {
    return [...this.people.values()]
      .map((p) => this.row(p, now))
      .filter((r) => r.score < 75)
      .sort((a, b) => a.score - b.score)
      .slice(0, 50);
  }

  row(p, now) {
    const heavy = this.explain(p, now).contributions.filter((c) => c.name !== 'limit').sort((a, b) => a.points - b.points)[0];
    const bad = p.signals.filter((s) => s.weight < 0 && now - s.at < 86_400_000);
    const { name, segment, value, owner } = p.profile;
    return {
      customer: p.id, name, segment, value, owner, score: this.score(p, now), at: now, reason: heavy?.reason ?? '',
      channels: [...new Set(bad.map((s) => s.channel))].sort(),
      alerts: [...this.alerts.values()].filter((a) => a.subject.id === p.id && isOpen(a)).length,
    };
  }

  /** What changed since the last call, as ids. */
  takeChange() {
    const c = this.change;
    this.change = empty();
    return c;
  }

  id(channel) {
    return `${channel}:m-${++this.number}`;
  }
}

export const isOpen = (a) => a.phase === 'firing' || a.phase === 'acknowledged';
const empty = () => ({ alerts: new Set(), risk: new Set(), minutes: new Set(), feed: [] });
const round = (n) => Math.round(n * 100) / 100;
const hex = (random) => Math.floor(random() * 2 ** 40).toString(16);
