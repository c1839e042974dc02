// How old the picture is and whether to worry. The age is the server's now minus the moment up to which everything is in
// the picture; an open socket proves nothing.

import type { Millis, Progress } from '../protocol';

export type LinkState = 'connecting' | 'open' | 'lost' | 'refused';

export interface Stall {
  topic: string;
  /** The moment up to which this topic is in the picture. */
  since: Millis;
}

export interface Freshness {
  level: 'waiting' | 'live' | 'late' | 'lost';
  /** Age of the data in milliseconds; null while nothing is known. */
  age: Millis | null;
  /** Raw topics that stand still, the longest first. */
  stalled: Stall[];
  link: LinkState;
}

/** Older than this is amber. */
export const LATE_AFTER: Millis = 10_000;
/** Older than this is red. */
export const STALE_AFTER: Millis = 60_000;

export function judge(progress: Progress | null, serverNow: Millis, link: LinkState): Freshness {
  const age = progress && progress.up_to > 0 ? Math.max(0, serverNow - progress.up_to) : null;
  const stalled = (progress?.sources ?? [])
    .filter((s) => serverNow - s.up_to > LATE_AFTER)
    .map((s) => ({ topic: s.topic, since: s.up_to }))
    .sort((a, b) => a.since - b.since || (a.topic < b.topic ? -1 : 1));
  return { level: level(age, stalled.length > 0, link), age, stalled, link };
}

function level(age: Millis | null, stalled: boolean, link: LinkState): Freshness['level'] {
  if (link === 'lost' || link === 'refused') return 'lost';
  if (age === null) return 'waiting';
  if (age > STALE_AFTER) return 'lost';
  return age > LATE_AFTER || stalled ? 'late' : 'live';
}

/** The one line that the header shows. clock renders a moment as a time of day. */
export function describe(f: Freshness, duration: (ms: Millis) => string, clock: (at: Millis) => string): string {
  if (f.link === 'refused') return 'access refused: the server asks for a token';
  if (f.link === 'lost') {
    return f.age === null
      ? 'connection lost, no picture yet, retrying'
      : `connection lost, last picture ${duration(f.age)} old, retrying`;
  }
  if (f.age === null) return f.link === 'connecting' ? 'connecting' : 'connected, waiting for the first data';
  if (f.level === 'live') return `live · ${duration(f.age)} old`;
  return `data ${duration(f.age)} old${stallWords(f.stalled, clock)}`;
}

function stallWords(stalled: Stall[], clock: (at: Millis) => string): string {
  const first = stalled[0];
  if (!first) return '';
  const names = stalled.map((s) => s.topic);
  const shown = names.length > 2 ? `${names[0]} and ${names.length - 1} more` : names.join(' and ');
  return first.since > 0 ? `: ingest stalled on ${shown} since ${clock(first.since)}` : `: nothing from ${shown} yet`;
}
