// Makers of wire values for tests: only what a test speaks about is written there.

import type { Alert, Delta, FeedItem, Message, Minute, RiskRow, Snapshot } from '../protocol';

export const alert = (id: string, more: Partial<Alert> = {}): Alert => ({
  id, version: 1, rule: 'r', rule_version: 'h', title: 'Trouble', severity: 'high', phase: 'firing',
  subject: { kind: 'customer', id: 'cus_1', name: 'Anna', link: '/customers/cus_1' },
  since: 1000, updated_at: 1000, reason: 'because', evidence: [], score: 30, ...more,
});

export const row = (customer: string, score: number, more: Partial<RiskRow> = {}): RiskRow => ({
  customer, score, at: 1000, reason: '', channels: [], alerts: 0, ...more,
});

export const minute = (at: number, channel: string, total: number, negatives = 0): Minute => ({ minute: at, channel, total, negatives, recoveries: 0 });

export const item = (id: string): FeedItem => ({ id, at: 1000, channel: 'chat', kind: 'chat.opened', customer: 'cus_1', score: 100 });

export const snapshot = (sequence: number, more: Partial<Snapshot> = {}, epoch = 'e1'): Message => ({
  type: 'snapshot', epoch, sequence, now: 5000,
  snapshot: { alerts: [], risk: [], minutes: [], feed: [], progress: { up_to: 4000, sources: [] }, ...more },
});

export const delta = (sequence: number, more: Delta = {}, epoch = 'e1'): Message => ({ type: 'delta', epoch, sequence, now: 6000, delta: more });
