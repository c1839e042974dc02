// The picture is what a board knows: one snapshot and the deltas after it. Everything here is pure: a message and a picture
// in, a new picture and a verdict out. It keeps objects that did not change, so that views can compare by identity.

import type { Alert, Delta, FeedItem, Message, Millis, Minute, Progress, RiskRow, Snapshot } from '../protocol';
import { SEVERITIES } from '../protocol';

export interface Picture {
  epoch: string;
  sequence: number;
  alerts: ReadonlyMap<string, Alert>;
  risk: ReadonlyMap<string, RiskRow>;
  /** By "<minute>|<channel>". */
  minutes: ReadonlyMap<string, Minute>;
  /** Newest first, at most FEED_KEPT. */
  feed: readonly FeedItem[];
  progress: Progress;
  /** How many alerts the server left out because they did not fit. */
  omitted: number;
}

/**
 * What to do after a message: show the new picture ("fresh" for a snapshot, "changed" for a delta), nothing, or ask the
 * server to resume because something is missing between the picture and the message.
 */
export type Verdict = 'fresh' | 'changed' | 'same' | 'gap';

export const FEED_KEPT = 60;
export const RISK_SHOWN = 50;
const HOUR: Millis = 3_600_000;

/** Takes one message in. A gap leaves the picture as it is. */
export function take(picture: Picture | null, message: Message): [Picture | null, Verdict] {
  if (message.type === 'snapshot' && message.snapshot) {
    return [fromSnapshot(message.snapshot, message.epoch ?? '', message.sequence), 'fresh'];
  }
  if (message.type !== 'delta' || !message.delta) return [picture, 'same'];
  if (!picture || message.epoch !== picture.epoch) return [picture, 'gap'];
  if (message.sequence <= picture.sequence) return [picture, 'same'];
  // What a resume brings is merged into one delta, so its number may jump; any other jump is a gap.
  if (message.sequence > picture.sequence + 1 && !message.resumed) return [picture, 'gap'];
  return [merge(picture, message.delta, message.sequence), 'changed'];
}

function fromSnapshot(s: Snapshot, epoch: string, sequence: number): Picture {
  return {
    epoch,
    sequence,
    alerts: new Map((s.alerts ?? []).map((a) => [a.id, a])),
    risk: new Map((s.risk ?? []).filter((r) => !r.gone).map((r) => [r.customer, r])),
    minutes: new Map((s.minutes ?? []).map((m) => [minuteKey(m), m])),
    feed: (s.feed ?? []).slice(0, FEED_KEPT),
    progress: s.progress ?? { up_to: 0, sources: [] },
    omitted: s.alerts_omitted ?? 0,
  };
}

function merge(p: Picture, d: Delta, sequence: number): Picture {
  return {
    ...p,
    sequence,
    alerts: mergeAlerts(p.alerts, d),
    risk: mergeRisk(p.risk, d.risk),
    minutes: mergeMinutes(p.minutes, d.minutes),
    feed: mergeFeed(p.feed, d.feed),
    progress: d.progress ?? p.progress,
  };
}

/** The highest version of an alert wins; an older one arriving late changes nothing. */
function mergeAlerts(known: ReadonlyMap<string, Alert>, d: Delta): ReadonlyMap<string, Alert> {
  if (!d.alerts?.length && !d.gone_alerts?.length) return known;
  const merged = new Map(known);
  for (const a of d.alerts ?? []) {
    const before = merged.get(a.id);
    if (!before || a.version >= before.version) merged.set(a.id, a);
  }
  for (const id of d.gone_alerts ?? []) merged.delete(id);
  return merged;
}

function mergeRisk(known: ReadonlyMap<string, RiskRow>, rows: RiskRow[] | undefined): ReadonlyMap<string, RiskRow> {
  if (!rows?.length) return known;
  const merged = new Map(known);
  for (const row of rows) {
    if (row.gone) merged.delete(row.customer);
    else merged.set(row.customer, row);
  }
  return merged;
}

function mergeMinutes(known: ReadonlyMap<string, Minute>, minutes: Minute[] | undefined): ReadonlyMap<string, Minute> {
  if (!minutes?.length) return known;
  const merged = new Map(known);
  let newest = 0;
  for (const m of minutes) {
    merged.set(minuteKey(m), m);
    newest = Math.max(newest, m.minute);
  }
  for (const [key, m] of merged) if (m.minute < newest - HOUR - 60_000) merged.delete(key);
  return merged;
}

function mergeFeed(known: readonly FeedItem[], items: FeedItem[] | undefined): readonly FeedItem[] {
  if (!items?.length) return known;
  const fresh = items.filter((i) => !known.some((k) => k.id === i.id));
  if (!fresh.length) return known;
  return [...fresh, ...known].sort((a, b) => b.at - a.at).slice(0, FEED_KEPT);
}

export function minuteKey(m: { minute: Millis; channel: string }): string {
  return `${m.minute}|${m.channel}`;
}

export const isOpen = (a: Alert): boolean => a.phase === 'firing' || a.phase === 'acknowledged';

/** Rank of an alert: firing before acknowledged before ended, then by severity; lower is more urgent. */
function urgency(a: Alert): number {
  const phase = a.phase === 'firing' ? 0 : a.phase === 'acknowledged' ? 1 : 2;
  const severity = SEVERITIES.indexOf(a.severity);
  return phase * 10 + (severity < 0 ? SEVERITIES.length : severity);
}

/** Alerts a person should see, most urgent first, then the latest first. Those that ended more than an hour ago are left out. */
export function rankAlerts(alerts: Iterable<Alert>, now: Millis): Alert[] {
  const shown = [...alerts].filter((a) => isOpen(a) || (a.phase === 'resolved' && now - a.updated_at <= HOUR));
  return shown.sort((a, b) => urgency(a) - urgency(b) || when(b) - when(a) || (a.id < b.id ? -1 : 1));
}

const when = (a: Alert): Millis => (isOpen(a) ? a.since : a.updated_at);

/** Customers at risk, lowest score first. */
export function rankRisk(rows: Iterable<RiskRow>): RiskRow[] {
  return [...rows].sort((a, b) => a.score - b.score || (a.customer < b.customer ? -1 : 1)).slice(0, RISK_SHOWN);
}
