// What the minutes say: rates, shares and series over the last hour. Pure.

import { CHANNELS, type Channel, type Millis, type Minute } from '../protocol';
import { count, minute as clockMinute, share } from '../format';
import { minuteKey } from '../live/picture';
import { channelName } from '../words';

/** The windows to look through, in minutes: a young picture is not squeezed into the edge of an hour. */
const WINDOWS = [15, 30, 60] as const;
/** The share of negatives is taken over these last minutes: long enough to be calm, short enough to be about now. */
export const SHARE_MINUTES = 10;
const MINUTE: Millis = 60_000;

type Minutes = ReadonlyMap<string, Minute>;

export interface Pulse {
  channel: Channel;
  /** Touchpoints in the last 60 seconds. */
  perMinute: number;
  total: number;
  negatives: number;
  /** Touchpoints per minute, oldest first, one number a minute of the window; the last is the minute that runs. */
  totals: number[];
  bad: number[];
}

/** The four built-in channels, then whatever else is in the picture. */
export function channelsOf(minutes: Minutes): Channel[] {
  const others = new Set<Channel>();
  for (const m of minutes.values()) if (!(CHANNELS as readonly string[]).includes(m.channel) && m.channel !== 'crm') others.add(m.channel);
  return [...CHANNELS, ...[...others].sort()];
}

export const startOfMinute = (at: Millis): Millis => at - (at % MINUTE);

/** The smallest window that shows all there is. */
export function windowOf(minutes: Minutes, now: Millis): number {
  let oldest = now;
  for (const m of minutes.values()) if (m.total > 0 && m.minute < oldest) oldest = m.minute;
  const age = (startOfMinute(now) - startOfMinute(oldest)) / MINUTE + 1;
  return WINDOWS.find((w) => age <= w) ?? 60;
}

/** The window in words, to follow "the last". */
export const windowName = (window: number): string => (window === 60 ? 'hour' : `${window} minutes`);

export function pulseOf(minutes: Minutes, channel: Channel, now: Millis, window = windowOf(minutes, now)): Pulse {
  const running = startOfMinute(now);
  const totals: number[] = [];
  const bad: number[] = [];
  for (let i = window - 1; i >= 0; i--) {
    const m = minutes.get(minuteKey({ minute: running - i * MINUTE, channel }));
    totals.push(m?.total ?? 0);
    bad.push(m?.negatives ?? 0);
  }
  const elapsed = (now - running) / MINUTE;
  return {
    channel,
    // The running minute so far, and of the one before the part that is less than 60 s ago.
    perMinute: (totals.at(-1) ?? 0) + (totals.at(-2) ?? 0) * (1 - elapsed),
    total: sum(totals.slice(-SHARE_MINUTES)),
    negatives: sum(bad.slice(-SHARE_MINUTES)),
    totals,
    bad,
  };
}

export interface Series {
  /** Length in minutes. */
  window: number;
  /** Starts of the minutes, in seconds, as uPlot wants them. */
  x: number[];
  channels: Channel[];
  /** Per channel, touchpoints per minute. */
  totals: number[][];
  /** All channels together. */
  negatives: number[];
}

export function seriesOf(minutes: Minutes, now: Millis): Series {
  const running = startOfMinute(now);
  const window = windowOf(minutes, now);
  const pulses = channelsOf(minutes).map((c) => pulseOf(minutes, c, now, window));
  return {
    window,
    x: Array.from({ length: window }, (_, i) => (running - (window - 1 - i) * MINUTE) / 1000),
    channels: pulses.map((p) => p.channel),
    totals: pulses.map((p) => p.totals),
    negatives: Array.from({ length: window }, (_, i) => sum(pulses.map((p) => p.bad[i] ?? 0))),
  };
}

/** Each row plus all rows before it: the upper edges of a stack. */
export function stack(rows: number[][]): number[][] {
  const edges: number[][] = [];
  for (const row of rows) {
    const below = edges.at(-1);
    edges.push(row.map((v, i) => v + (below?.[i] ?? 0)));
  }
  return edges;
}

/** The chart in a sentence, for those who do not see it and for those who want it short. */
export function summary(s: Series): string {
  const perMinute = s.x.map((_, i) => sum(s.totals.map((t) => t[i] ?? 0)));
  const total = sum(perMinute);
  const last = `the last ${windowName(s.window)}`;
  if (!total) return `No touchpoints in ${last}.`;
  const negatives = sum(s.negatives);
  const busiest = perMinute.indexOf(Math.max(...perMinute));
  const worst = s.negatives.indexOf(Math.max(...s.negatives));
  const first = s.channels
    .map((c, i) => [c, sum(s.totals[i] ?? [])] as const)
    .sort((a, b) => b[1] - a[1])[0];
  const at = (i: number) => clockMinute((s.x[i] ?? 0) * 1000);
  return [
    `${count(total)} touchpoints in ${last}, ${share(negatives, total)} negative.`,
    ` Busiest ${at(busiest)} with ${count(perMinute[busiest] ?? 0)}`,
    negatives ? `, most negatives ${at(worst)} with ${count(s.negatives[worst] ?? 0)}` : '',
    first ? `; ${channelName(first[0])} brings ${share(first[1], total)}.` : '.',
  ].join('');
}

export const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);
