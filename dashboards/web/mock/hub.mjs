// The live protocol over the mock's world: a snapshot, then numbered deltas; resume by (epoch, sequence) from a short memory.

import { isOpen } from './world.mjs';

const REMEMBERED = 200;

export class Hub {
  constructor(world) {
    this.world = world;
    this.epoch = Math.random().toString(36).slice(2);
    this.sequence = 0;
    this.past = [];
    this.clients = new Map();
  }

  join(socket, token) {
    socket.on('message', (text) => {
      const request = JSON.parse(text);
      if (request.type === 'ping') return this.send(socket, { type: 'pong', sequence: this.sequence });
      if (token && !this.clients.has(socket) && request.token !== token) {
        this.send(socket, { type: 'error', sequence: 0, error: { code: 'unauthorized', detail: 'no token, or one that does not count' } });
        return socket.close(1008);
      }
      this.clients.set(socket, request.filter ?? {});
      const missed = request.type === 'resume' && request.epoch === this.epoch ? this.since(request.sequence) : null;
      if (missed) this.send(socket, { type: 'delta', resumed: true, epoch: this.epoch, sequence: this.sequence, delta: this.delta(missed, request.filter ?? {}) });
      else this.send(socket, { type: 'snapshot', epoch: this.epoch, sequence: this.sequence, snapshot: this.snapshot(request.filter ?? {}) });
    });
    socket.on('close', () => this.clients.delete(socket));
  }

  /** Tells everybody what changed. */
  beat() {
    const change = this.world.takeChange();
    this.past.push(change);
    if (this.past.length > REMEMBERED) this.past.shift();
    this.sequence++;
    for (const [socket, filter] of this.clients) {
      this.send(socket, { type: 'delta', epoch: this.epoch, sequence: this.sequence, delta: this.delta([change], filter) });
    }
  }

  /** Loses a number on the way, as a bug would. */
  skip() {
    this.past.push(this.world.takeChange());
    this.sequence++;
  }

  cut() {
    for (const socket of this.clients.keys()) socket.terminate();
  }

  since(sequence) {
    const missing = this.sequence - sequence;
    return missing >= 0 && missing <= this.past.length ? this.past.slice(this.past.length - missing) : null;
  }

  snapshot(filter) {
    const now = Date.now();
    const w = this.world;
    return {
      alerts: [...w.alerts.values()].filter((a) => (isOpen(a) || now - a.updated_at < 3_600_000) && concerns(filter, a.subject.id)),
      risk: w.risk(now).filter((r) => concerns(filter, r.customer)),
      minutes: [...w.minutes.values()],
      feed: w.feed.filter((i) => concerns(filter, i.customer)),
      progress: w.progress,
    };
  }

  delta(changes, filter) {
    const w = this.world;
    const now = Date.now();
    const pick = (name) => [...new Set(changes.flatMap((c) => [...c[name]]))];
    const risk = pick('risk').filter((id) => w.people.has(id) && concerns(filter, id)).map((id) => w.row(w.people.get(id), now));
    return {
      alerts: pick('alerts').map((id) => w.alerts.get(id)).filter((a) => a && concerns(filter, a.subject.id)),
      risk: risk.map((r) => (r.score < 75 ? r : { ...r, gone: true })),
      minutes: pick('minutes').map((k) => w.minutes.get(k)).filter(Boolean),
      feed: pick('feed').filter((i) => concerns(filter, i.customer)).sort((a, b) => b.at - a.at),
      progress: w.progress,
    };
  }

  send(socket, message) {
    if (socket.readyState === 1) socket.send(JSON.stringify({ now: Date.now(), ...message }));
  }
}

const concerns = (filter, customer) => !filter.customer || filter.customer === customer;
