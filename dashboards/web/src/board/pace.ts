// At which pace the ticker moves. Pure.

import type { FeedItem } from '../protocol';

/** Time between two turns of the ticker, in milliseconds. */
export const TURN = 2000;
/** New rows in one turn. */
export const MOST = 4;
export const SHOWN = 40;

/**
 * The rows after a turn: of what is newer than the rows that are there, the few that say most, in front of them. At the start
 * it is simply the newest.
 */
export function pick(shown: readonly FeedItem[], feed: readonly FeedItem[]): readonly FeedItem[] {
  if (!shown.length) return feed.slice(0, SHOWN);
  const newest = shown[0]!.at;
  const known = new Set(shown.map((i) => i.id));
  const fresh = feed
    .filter((i) => i.at >= newest && !known.has(i.id))
    .sort((a, b) => weight(b) - weight(a) || b.at - a.at)
    .slice(0, MOST)
    .sort((a, b) => b.at - a.at);
  return fresh.length ? [...fresh, ...shown].slice(0, SHOWN) : shown;
}

/** How much a row tells: trouble or relief, then words, then a known name. */
function weight(i: FeedItem): number {
  return (i.signals?.length ? 4 : 0) + (i.text ? 2 : 0) + (i.name ? 1 : 0);
}
