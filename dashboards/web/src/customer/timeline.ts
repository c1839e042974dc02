// The time line as rows: days, touchpoints, and runs of browsing that say little one by one. Pure.

import type { Contribution, Touchpoint } from '../protocol';
import { day } from '../format';

export type Row =
  | { type: 'day'; key: string; day: string }
  /** The newest of one or more equal ones in a row, such as the clicks of a burst; ids are all of them. */
  | { type: 'touchpoint'; key: string; touchpoint: Touchpoint; signals: Contribution[]; ids: string[] }
  | { type: 'run'; key: string; touchpoints: Touchpoint[] };

/** Browsing that brought no signal folds into one row from this many in a row. */
const RUN_FROM = 4;

const QUIET = new Set(['website.page_view', 'website.click', 'website.page_leave', 'website.form_start', 'website.form_field', 'website.search', 'website.custom']);

/** Which contributions point at a touchpoint. */
export function bySignal(contributions: readonly Contribution[]): Map<string, Contribution[]> {
  const marks = new Map<string, Contribution[]>();
  for (const c of contributions) {
    for (const id of c.evidence ?? []) marks.set(id, [...(marks.get(id) ?? []), c]);
  }
  return marks;
}

/** Both lists as one, newest first, each touchpoint once. */
export function join(a: readonly Touchpoint[], b: readonly Touchpoint[]): Touchpoint[] {
  const known = new Map([...b, ...a].map((t) => [t.id, t]));
  return [...known.values()].sort((x, y) => y.occurred_at - x.occurred_at || (x.id < y.id ? 1 : -1));
}

export function rows(touchpoints: readonly Touchpoint[], contributions: readonly Contribution[]): Row[] {
  const marks = bySignal(contributions);
  const out: Row[] = [];
  let today = '';
  let run: Touchpoint[] = [];
  const endRun = () => {
    if (run.length >= RUN_FROM) out.push({ type: 'run', key: `run-${run.at(-1)!.id}`, touchpoints: run });
    else for (const t of run) out.push({ type: 'touchpoint', key: t.id, touchpoint: t, signals: [], ids: [t.id] });
    run = [];
  };
  for (const t of touchpoints) {
    const d = day(t.occurred_at);
    if (d !== today) {
      endRun();
      out.push({ type: 'day', key: `day-${d}`, day: d });
      today = d;
    }
    const signals = marks.get(t.id) ?? [];
    if (signals.length === 0 && QUIET.has(t.kind)) {
      run.push(t);
      continue;
    }
    endRun();
    const last = out.at(-1);
    if (last?.type === 'touchpoint' && equal(last.touchpoint, t) && last.signals.length === signals.length && last.signals.every((s) => signals.includes(s))) {
      last.ids.push(t.id);
      continue;
    }
    out.push({ type: 'touchpoint', key: t.id, touchpoint: t, signals, ids: [t.id] });
  }
  endRun();
  return out;
}

/** The same thing at the same place, without words of its own. */
function equal(a: Touchpoint, b: Touchpoint): boolean {
  return a.kind === b.kind && !a.text && !b.text && a.place.page === b.place.page && a.place.element === b.place.element && a.place.field === b.place.field && a.place.thread === b.place.thread && a.status === b.status;
}
