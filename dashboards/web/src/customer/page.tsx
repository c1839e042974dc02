// One customer: who it is, how they feel and why, and everything that happened over all channels.

import { useEffect, useState } from 'preact/hooks';
import type { CustomerAnswer, Touchpoint, TouchpointsAnswer } from '../protocol';
import { api } from '../api';
import { AlertList } from '../board/alerts';
import { narrow, union } from '../alerts/narrow';
import { paused, picture, watch } from '../live/store';
import { heading } from '../route';
import { Empty, Panel } from '../ui/bits';
import { useFetched, type Fetched } from '../ui/fetched';
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
  // One main element for all states of the page: whoever has the focus on it keeps it when the answer comes.
  return (
    <main class="page customer-page" id="main" tabIndex={-1}>
      {answer.value ? (
        <Known id={id} answer={answer.value} error={answer.error} line={line} />
      ) : (
        <Missing id={id} error={answer.error} status={answer.status} />
      )}
    </main>
  );
}

function Known({ id, answer, error, line }: { id: string; answer: CustomerAnswer; error: string; line: Fetched<TouchpointsAnswer> }) {
  const [older, setOlder] = useState<Touchpoint[]>([]);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const alerts = narrow(union(answer.alerts ?? [], mine(id)), [], 'all');
  const touchpoints = join(line.value?.touchpoints ?? [], older);
  const more = async () => {
    const oldest = touchpoints.at(-1);
    const page = await api.touchpoints(id, oldest?.occurred_at);
    const fresh = (page.touchpoints ?? []).filter((t) => !touchpoints.some((k) => k.id === t.id));
    setOlder((before) => join(before, fresh));
    return fresh.length;
  };
  return (
    <>
      {error && <p class="problem">This page stands still: {error}.</p>}
      <Profile state={answer.state} score={answer.score} />
      <div class="customer-columns">
        <Panel id="customer-alerts" class="customer-alerts" title="Alerts">
          {alerts.length ? <AlertList alerts={alerts} about={false} /> : <Empty>No alerts about this customer.</Empty>}
        </Panel>
        <Score explanation={answer.explanation} asOf={answer.as_of} chosen={chosen} onChoose={setChosen} />
        <TimeLine
          touchpoints={touchpoints}
          contributions={answer.explanation.contributions ?? []}
          chosen={chosen}
          error={line.error}
          more={more}
        />
      </div>
    </>
  );
}

function mine(id: string) {
  return [...(picture.value?.alerts.values() ?? [])].filter((a) => a.subject.kind === 'customer' && a.subject.id === id);
}

function Missing({ id, error, status }: { id: string; error: string; status: number }) {
  return (
    <>
      <h1>{id}</h1>
      {status === 404 ? (
        <Empty icon="info">Nobody with this id is known: never seen, or not seen for so long that it was forgotten.</Empty>
      ) : error ? (
        <p class="problem">Cannot show this customer: {error}. Trying again.</p>
      ) : (
        <p class="loading">Fetching…</p>
      )}
    </>
  );
}
