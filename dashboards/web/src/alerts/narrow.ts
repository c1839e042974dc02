// Which alerts a reader asked for. Pure.

import type { Alert, Severity } from '../protocol';
import { isOpen } from '../live/picture';
import { SEVERITIES } from '../protocol';

export const PHASES = ['open', 'firing', 'acknowledged', 'resolved', 'all'] as const;
export type PhaseChoice = (typeof PHASES)[number];

/** Both lists as one; of two with the same id the higher version stays. */
export function union(...lists: Iterable<Alert>[]): Alert[] {
  const known = new Map<string, Alert>();
  for (const list of lists) {
    for (const a of list) {
      const before = known.get(a.id);
      if (!before || a.version > before.version) known.set(a.id, a);
    }
  }
  return [...known.values()];
}

/** Those of the severities (none: all) and the phase: open ones by urgency, then the ended ones, the latest first. */
export function narrow(alerts: Alert[], severities: readonly Severity[], phase: PhaseChoice): Alert[] {
  return alerts
    .filter((a) => (severities.length === 0 || severities.includes(a.severity)) && inPhase(a, phase))
    .sort((a, b) => Number(isOpen(b)) - Number(isOpen(a)) || (isOpen(a) ? byUrgency(a, b) : b.updated_at - a.updated_at));
}

function byUrgency(a: Alert, b: Alert): number {
  return (
    Number(b.phase === 'firing') - Number(a.phase === 'firing') ||
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    b.since - a.since ||
    (a.id < b.id ? -1 : 1)
  );
}

function inPhase(a: Alert, phase: PhaseChoice): boolean {
  if (phase === 'all') return a.phase !== 'pending' && a.phase !== '';
  return phase === 'open' ? isOpen(a) : a.phase === phase;
}
