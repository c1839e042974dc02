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

/** How many pages of earlier touchpoints are fetched in search of evidence. */
const SEARCH_PAGES = 20;

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
  const [missing, setMissing] = useState('');
  const alerts = narrow(union(answer.alerts ?? [], mine(id)), [], 'all');
  const touchpoints = join(line.value?.touchpoints ?? [], older);
  /** Fetches those before the oldest of the known ones, and returns the ones that are new. */
  const before = async (known: readonly Touchpoint[]) => {
    const page = await api.touchpoints(id, known.at(-1)?.occurred_at);
    const fresh = (page.touchpoints ?? []).filter((t) => !known.some((k) => k.id === t.id));
    setOlder((was) => join(was, fresh));
    return fresh;
  };
  const choose = async (ids: readonly string[]) => {
    setChosen(ids);
    setMissing('');
    if (!ids.length) return;
    try {
      const found = await reach(ids, touchpoints, before);
      if (!found) setMissing('The evidence is older than what is kept of this customer.');
    } catch (e) {
      setMissing(`The evidence is older than what is shown, and cannot be fetched: ${e instanceof Error ? e.message : String(e)}.`);
    }
  };
  return (
    <>
      {error && <p class="problem">This page stands still: {error}.</p>}
      <Profile state={answer.state} score={answer.score} />
      <div class="customer-columns">
        <Panel id="customer-alerts" class="customer-alerts" title="Alerts">
          {alerts.length ? <AlertList alerts={alerts} about={false} /> : <Empty>No alerts about this customer.</Empty>}
        </Panel>
        <Score explanation={answer.explanation} asOf={answer.as_of} chosen={chosen} onChoose={choose} />
        <TimeLine
          touchpoints={touchpoints}
          contributions={answer.explanation.contributions ?? []}
          chosen={chosen}
          missing={missing}
          error={line.error}
          more={async () => (await before(touchpoints)).length}
        />
      </div>
    </>
  );
}

/** Looks for evidence in the known touchpoints, then page by page in earlier ones. */
async function reach(ids: readonly string[], known: readonly Touchpoint[], before: (known: readonly Touchpoint[]) => Promise<Touchpoint[]>): Promise<boolean> {
  const has = (list: readonly Touchpoint[]) => list.some((t) => ids.includes(t.id));
  let all = known;
  for (let page = 0; page < SEARCH_PAGES && !has(all); page++) {
    const fresh = await before(all);
    if (!fresh.length) break;
    all = join(all, fresh);
  }
  return has(all);
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
