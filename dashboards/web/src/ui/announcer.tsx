// Reads out new critical alerts, and only those, at most once in a while: a screen reader must not be talked over by a wall board.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Alert } from '../protocol';
import { newest } from '../live/store';
import { nameOf } from '../board/alerts';

const AT_MOST_EVERY = 10_000;

/** Critical alerts that fire and are not known yet. */
export function unheard(alerts: Iterable<Alert>, known: ReadonlySet<string>): Alert[] {
  return [...alerts].filter((a) => a.severity === 'critical' && a.phase === 'firing' && !known.has(a.id));
}

export function words(fresh: Alert[]): string {
  const [first] = fresh;
  if (!first) return '';
  return fresh.length === 1 ? `New critical alert: ${first.title}, ${nameOf(first)}.` : `${fresh.length} new critical alerts.`;
}

export function Announcer() {
  const [text, setText] = useState('');
  const known = useRef<Set<string> | null>(null);
  const waiting = useRef<Alert[]>([]);
  const timer = useRef(0);
  useEffect(() => {
    const say = () => {
      if (waiting.current.length === 0) {
        timer.current = 0;
        return;
      }
      setText(words(waiting.current));
      waiting.current = [];
      timer.current = window.setTimeout(say, AT_MOST_EVERY);
    };
    const stop = newest.subscribe((p) => {
      if (!p) return;
      // What is there when the page opens is no news.
      const first = known.current === null;
      known.current ??= new Set();
      const fresh = unheard(p.alerts.values(), known.current);
      for (const a of fresh) known.current.add(a.id);
      if (first) return;
      waiting.current.push(...fresh);
      if (!timer.current) say();
    });
    return () => {
      stop();
      clearTimeout(timer.current);
    };
  }, []);
  return (
    <div class="quiet" role="status" aria-live="polite">
      {text}
    </div>
  );
}
