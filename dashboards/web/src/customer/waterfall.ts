// From the baseline to the score: each contribution starts where the one before it ended. Pure.

import type { Contribution, Explanation } from '../protocol';

export interface Step {
  contribution: Contribution;
  /** Where its bar starts and ends on the scale, as shares 0 … 1 from the left. */
  left: number;
  right: number;
  /** The sum after it. */
  after: number;
}

export interface Waterfall {
  steps: Step[];
  /** Contributions too small to be shown one by one, and what they add up to. */
  rest: { count: number; points: number };
  /** Where 0 and 100 stand on the scale, as shares. */
  zero: number;
  hundred: number;
  /** The sum of the baseline and all points, which is the score. */
  total: number;
}

/** Below this many points a contribution has faded; the faded ones are shown as one line. */
const FADED = 0.05;

/** Rounded to hundredths, so that what is shown adds up to what is shown. */
const cents = (n: number): number => Math.round(n * 100);

export function waterfall(e: Explanation): Waterfall {
  const all = e.contributions ?? [];
  const limits = all.filter((c) => c.name === 'limit');
  const shown = all
    .filter((c) => c.name !== 'limit' && Math.abs(c.points) >= FADED)
    .sort((a, b) => Math.abs(b.points) - Math.abs(a.points));
  const faded = all.filter((c) => c.name !== 'limit' && Math.abs(c.points) < FADED);
  const rest = { count: faded.length, points: faded.reduce((s, c) => s + cents(c.points), 0) / 100 };

  let at = cents(e.baseline);
  const edges = [0, 10_000, at];
  const raw = [...shown, ...limits].map((contribution) => {
    const from = at;
    at += cents(contribution.points);
    edges.push(at);
    return { contribution, from, to: at };
  });
  const low = Math.min(...edges);
  const width = Math.max(...edges) - low;
  const place = (n: number) => (n - low) / width;
  return {
    steps: raw.map(({ contribution, from, to }) => ({
      contribution,
      left: place(Math.min(from, to)),
      right: place(Math.max(from, to)),
      after: to / 100,
    })),
    rest,
    zero: place(0),
    hundred: place(10_000),
    total: (at + cents(rest.points)) / 100,
  };
}
