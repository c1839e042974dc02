// All alerts, narrowed by severity and phase. The line brings the most urgent ones as they change; the
// server is asked for those that did not fit.

import { useEffect, useState } from 'preact/hooks';
import { SEVERITIES, type Alert, type Severity } from '../protocol';
import { api } from '../api';
import { AlertList } from '../board/alerts';
import { count } from '../format';
import { picture, watch } from '../live/store';
import { useFetched } from '../ui/fetched';
import { useHeld } from '../ui/hold';
import { Empty } from '../ui/bits';
import { Icon } from '../ui/icon';
import { sentence } from '../words';
import { narrow, PHASES, type PhaseChoice, union } from './narrow';

export function AlertsPage() {
  useEffect(() => watch(undefined), []);
  const [severities, setSeverities] = useState<readonly Severity[]>([]);
  const [phase, setPhase] = useState<PhaseChoice>('open');
  const answer = useFetched((signal) => api.alerts('', '', signal), 30_000);
  const all = union(answer.value?.alerts ?? [], picture.value?.alerts.values() ?? []);
  const shown = useHeld(narrow(all, severities, phase), (a) => a.id);
  const toggle = (s: Severity) =>
    setSeverities(severities.includes(s) ? severities.filter((x) => x !== s) : [...severities, s]);
  return (
    <main class="page alerts-page" id="main" tabIndex={-1}>
      <h1>Alerts</h1>
      <div class="filters">
        <Choices label="Phase">
          {PHASES.map((p) => (
            <button key={p} type="button" class="chip" aria-pressed={phase === p} onClick={() => setPhase(p)}>
              {sentence(p)} <b>{count(narrow(all, severities, p).length)}</b>
            </button>
          ))}
        </Choices>
        <Choices label="Severity">
          {SEVERITIES.map((s) => (
            <button key={s} type="button" class={`chip sev-${s}`} aria-pressed={severities.includes(s)} onClick={() => toggle(s)}>
              <Icon name={s} />
              {sentence(s)} <b>{count(narrow(all, [s], phase).length)}</b>
            </button>
          ))}
        </Choices>
        {shown.waiting > 0 && <span class="waiting">{shown.waiting} new waiting</span>}
      </div>
      {answer.error && <p class="problem">Some alerts may be missing: {answer.error}.</p>}
      <div {...shown.handlers}>
        {shown.rows.length ? <AlertList alerts={shown.rows} /> : <Empty>{emptyWords(all, picture.value !== null)}</Empty>}
      </div>
    </main>
  );
}

function Choices({ label, children }: { label: string; children: preact.ComponentChildren }) {
  return (
    <div class="choices" role="group" aria-label={label}>
      {children}
    </div>
  );
}

function emptyWords(all: Alert[], known: boolean): string {
  if (!known) return 'Waiting for the first picture.';
  return all.length ? 'No alert matches these filters.' : 'No alerts yet.';
}
