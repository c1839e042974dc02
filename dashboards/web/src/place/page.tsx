// One place (a page, an element, a queue …): who had trouble there, when, and the alerts about it.

import { useEffect } from 'preact/hooks';
import type { PlaceAnswer } from '../protocol';
import { api } from '../api';
import { AlertList } from '../board/alerts';
import { narrow, union } from '../alerts/narrow';
import { count } from '../format';
import { now, paused, picture, watch } from '../live/store';
import { ChannelIcon, customerPath, Empty, Panel, When } from '../ui/bits';
import { useFetched } from '../ui/fetched';
import { Icon } from '../ui/icon';
import { personName, plain, sentence, splitPlace } from '../words';
import { byCustomer, perMinute, type Sufferer } from './hits';

export function PlacePage({ place }: { place: string }) {
  useEffect(() => watch(undefined), []);
  const answer = useFetched((signal) => api.place(place, signal), 10_000);
  const mine = [...(picture.value?.alerts.values() ?? [])].filter((a) => a.subject.kind === 'place' && a.subject.id === place);
  const versions = mine.map((a) => `${a.id}/${a.version}`).join();
  useEffect(() => {
    if (!paused.peek()) answer.refresh();
  }, [versions]);
  const { kind, value } = splitPlace(place);
  const alerts = narrow(union(answer.value?.alerts ?? [], mine), [], 'all');
  return (
    <main class="page place-page" id="main" tabIndex={-1}>
      <header class="place-head">
        <p class="place-kind">
          <Icon name="place" />
          {sentence(kind)}
        </p>
        <h1>{value}</h1>
      </header>
      {answer.error && answer.status !== 404 && <p class="problem">This page stands still: {answer.error}.</p>}
      <div class="columns">
        <Panel id="place-alerts" title="Alerts">
          {alerts.length ? <AlertList alerts={alerts} about={false} /> : <Empty>No alerts about this place.</Empty>}
        </Panel>
        <Trouble answer={answer.value} missing={answer.status === 404} />
      </div>
    </main>
  );
}

function Trouble({ answer, missing }: { answer: PlaceAnswer | null; missing: boolean }) {
  const hits = answer?.state.hits ?? [];
  const sufferers = byCustomer(hits);
  return (
    <Panel
      id="hits"
      title="Who had trouble here"
      aside={<span class="panel-aside">{count(sufferers.length)} customers, {count(hits.length)} signals</span>}
    >
      {hits.length > 0 && <Bars counts={perMinute(hits, now.value)} />}
      {!hits.length && <Empty>{missing || answer ? 'Nobody had trouble here lately.' : 'Fetching…'}</Empty>}
      <ol class="hits">
        {sufferers.map((s) => (
          <Row key={s.customer} sufferer={s} />
        ))}
      </ol>
    </Panel>
  );
}

function Row({ sufferer: s }: { sufferer: Sufferer }) {
  return (
    <li class="hit">
      <When at={s.last} as="clock" />
      <ChannelIcon channel={s.channel} />
      <span>
        <a href={customerPath(s.customer)}>{knownName(s.customer)}</a> <span class="where">{s.reason}</span>
      </span>
      <span class="hit-signals">
        {s.signals.map((x) => (
          <span key={x} class="signal">
            {plain(x)}
          </span>
        ))}
      </span>
    </li>
  );
}

/** The state of a place holds ids; who is at risk or has an alert has a name as well. */
function knownName(id: string): string {
  const p = picture.value;
  const alert = [...(p?.alerts.values() ?? [])].find((a) => a.subject.id === id);
  return personName(id, p?.risk.get(id)?.name ?? alert?.subject.name);
}

/** Signals per minute over the last half hour. */
function Bars({ counts }: { counts: number[] }) {
  const top = Math.max(1, ...counts);
  return (
    <svg class="hit-bars" viewBox={`0 0 ${counts.length * 10} 48`} preserveAspectRatio="none" role="img" aria-label={`Signals per minute over the last ${counts.length} minutes, at most ${top}`}>
      {counts.map((n, i) => (
        <rect key={i} x={i * 10 + 1} width="8" height={Math.max(n ? 3 : 1, (n / top) * 46)} y={48 - Math.max(n ? 3 : 1, (n / top) * 46)} class={n ? 'hit-bar' : 'hit-none'} />
      ))}
    </svg>
  );
}
