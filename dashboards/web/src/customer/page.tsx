// One customer: who it is, how they feel and why, and everything that happened over all channels.

import { useEffect, useState } from 'preact/hooks';
import type { Touchpoint } from '../protocol';
import { api } from '../api';
import { AlertList } from '../board/alerts';
import { narrow, union } from '../alerts/narrow';
import { paused, picture, watch } from '../live/store';
import { heading } from '../route';
import { Empty, Panel } from '../ui/bits';
import { useFetched } from '../ui/fetched';
import { Profile } from './profile';
import { Score } from './score';
import { join } from './timeline';
import { TimeLine } from './line';

/** The score decays by itself, so it is asked for again even when nothing happens. */
const AGAIN_AFTER = 10_000;

export function CustomerPage({ id }: { id: string }) {
  useEffect(() => watch({ customer: id }), [id]);
  const answer = useFetched((signal) => api.customer(id, signal), AGAIN_AFTER);
  const line = useFetched((signal) => api.touchpoints(id, undefined, signal), 60_000);
  const [older, setOlder] = useState<Touchpoint[]>([]);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const news = picture.value;

  useEffect(() => {
    // Whatever comes over the line about this customer may have changed state, score and time line.
    if (!news || paused.peek()) return;
    answer.refresh();
    line.refresh();
  }, [news?.feed, news?.alerts, news?.risk]);

  const name = answer.value?.state.profile.name;
  useEffect(() => {
    heading.value = name ?? '';
  }, [name]);

  if (!answer.value) return <Missing id={id} error={answer.error} status={answer.status} />;
  const { state, explanation } = answer.value;
  const alerts = narrow(union(answer.value.alerts ?? [], mine(id)), [], 'all');
  const touchpoints = join(line.value?.touchpoints ?? [], older);
  return (
    <main class="page customer-page" id="main" tabIndex={-1}>
      {answer.error && <p class="problem">This page stands still: {answer.error}.</p>}
      <Profile state={state} score={answer.value.score} />
      <div class="columns">
        <div class="column">
          <Score explanation={explanation} asOf={answer.value.as_of} chosen={chosen} onChoose={setChosen} />
          <Panel id="customer-alerts" title="Alerts">
            {alerts.length ? <AlertList alerts={alerts} about={false} /> : <Empty>No alerts about this customer.</Empty>}
          </Panel>
        </div>
        <TimeLine
          touchpoints={touchpoints}
          contributions={explanation.contributions ?? []}
          chosen={chosen}
          error={line.error}
          more={async () => {
            const oldest = touchpoints.at(-1);
            if (!oldest) return 0;
            const page = await api.touchpoints(id, oldest.occurred_at);
            const fresh = (page.touchpoints ?? []).filter((t) => !touchpoints.some((k) => k.id === t.id));
            setOlder((before) => join(before, fresh));
            return fresh.length;
          }}
        />
      </div>
    </main>
  );
}

function mine(id: string) {
  return [...(picture.value?.alerts.values() ?? [])].filter((a) => a.subject.kind === 'customer' && a.subject.id === id);
}

function Missing({ id, error, status }: { id: string; error: string; status: number }) {
  return (
    <main class="page" id="main" tabIndex={-1}>
      <h1>{id}</h1>
      {status === 404 ? (
        <Empty icon="info">Nobody with this id is known: never seen, or not seen for so long that it was forgotten.</Empty>
      ) : error ? (
        <p class="problem">Cannot show this customer: {error}. Trying again.</p>
      ) : (
        <p class="loading">Fetching…</p>
      )}
    </main>
  );
}
