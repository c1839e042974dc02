// The signals at a place by customer and by minute. Pure.

import type { Millis, PlaceAnswer } from '../protocol';

type Hit = NonNullable<PlaceAnswer['state']['hits']>[number];

export interface Sufferer {
  customer: string;
  channel: string;
  last: Millis;
  /** The reason of the latest signal. */
  reason: string;
  signals: string[];
}

/** One row per customer, the latest trouble first. */
export function byCustomer(hits: readonly Hit[]): Sufferer[] {
  const found = new Map<string, Sufferer>();
  for (const h of [...hits].sort((a, b) => b.at - a.at)) {
    const s = found.get(h.customer);
    if (!s) {
      found.set(h.customer, { customer: h.customer, channel: h.channel, last: h.at, reason: h.reason, signals: [h.signal] });
    } else if (!s.signals.includes(h.signal)) s.signals.push(h.signal);
  }
  return [...found.values()];
}

/** Signals in each of the last minutes, oldest first. */
export function perMinute(hits: readonly Hit[], now: Millis, minutes = 30): number[] {
  const counts = new Array<number>(minutes).fill(0);
  for (const h of hits) {
    const age = Math.floor((now - h.at) / 60_000);
    if (age >= 0 && age < minutes) counts[minutes - 1 - age]!++;
  }
  return counts;
}
