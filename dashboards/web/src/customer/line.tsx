// One time line over all channels, newest first, a lane per channel. Signals stand at the touchpoints that are their evidence.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Contribution, Touchpoint } from '../protocol';
import { CHANNELS } from '../protocol';
import { clock, duration, signedPoints } from '../format';
import { channelName, kindName, mood, placeName, plain, ratingWords } from '../words';
import { ChannelIcon, Empty, Panel, When } from '../ui/bits';
import { Icon } from '../ui/icon';
import { rows, type Row } from './timeline';

interface Props {
  touchpoints: readonly Touchpoint[];
  contributions: readonly Contribution[];
  /** Touchpoints to mark. */
  chosen: readonly string[];
  /** Why none of them is here, or empty. */
  missing: string;
  error: string;
  /** Fetches older ones and says how many came. */
  more(): Promise<number>;
}

export function TimeLine({ touchpoints, contributions, chosen, missing, error, more }: Props) {
  const list = useRef<HTMLOListElement>(null);
  const [older, setOlder] = useState<'ask' | 'busy' | 'end' | string>('ask');
  const shown = touchpoints.some((t) => chosen.includes(t.id));
  useEffect(() => {
    if (!shown) return;
    const first = list.current?.querySelector('[data-chosen]');
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    first?.scrollIntoView({ block: 'center', behavior: calm ? 'auto' : 'smooth' });
  }, [chosen, shown]);
  const fetchMore = async () => {
    setOlder('busy');
    try {
      setOlder((await more()) ? 'ask' : 'end');
    } catch (e) {
      setOlder(e instanceof Error ? e.message : String(e));
    }
  };
  return (
    <Panel id="line" class="line-panel" title="Time line" aside={<Lanes />}>
      {error && <p class="problem">The time line stands still: {error}.</p>}
      {missing && !shown && <p class="problem" role="status">{missing}</p>}
      {!touchpoints.length && !error && <Empty icon="other">No touchpoints are kept for this customer.</Empty>}
      <ol class="line" ref={list}>
        {rows(touchpoints, contributions).map((r) => (
          <LineRow key={r.key} row={r} chosen={chosen} />
        ))}
      </ol>
      {touchpoints.length > 0 && (
        <p class="line-more">
          {older === 'end' ? (
            'That is all there is.'
          ) : (
            <button type="button" class="button" disabled={older === 'busy'} onClick={fetchMore}>
              {older === 'busy' ? 'Fetching…' : 'Show earlier'}
            </button>
          )}
          {older !== 'ask' && older !== 'busy' && older !== 'end' && <span class="problem">Earlier ones cannot be shown: {older}.</span>}
        </p>
      )}
    </Panel>
  );
}

function Lanes() {
  return (
    <span class="lanes-key">
      {CHANNELS.map((c) => (
        <span key={c} class={`key ch-${c}`}>
          {channelName(c)}
        </span>
      ))}
    </span>
  );
}

function LineRow({ row, chosen }: { row: Row; chosen: readonly string[] }) {
  const [open, setOpen] = useState(false);
  if (row.type === 'day') return <li class="line-day">{row.day}</li>;
  if (row.type === 'touchpoint') return <Moment touchpoint={row.touchpoint} signals={row.signals} times={row.ids.length} chosen={row.ids.some((id) => chosen.includes(id))} />;
  const newest = row.touchpoints[0]!;
  const oldest = row.touchpoints.at(-1)!;
  const pages = [...new Set(row.touchpoints.map((t) => t.place.page).filter(Boolean))];
  if (open) {
    return (
      <>
        {row.touchpoints.map((t) => (
          <Moment key={t.id} touchpoint={t} signals={[]} chosen={chosen.includes(t.id)} />
        ))}
      </>
    );
  }
  return (
    <li class={`moment lane-${newest.channel} run`}>
      <Lane channel={newest.channel} />
      <span class="moment-when">
        <When at={newest.occurred_at} as="clock" />
      </span>
      <div class="moment-what">
        <p>
          <button type="button" class="link" onClick={() => setOpen(true)}>
            {row.touchpoints.length} steps on the website
          </button>{' '}
          <span class="where">
            from {clock(oldest.occurred_at)}: {pages.slice(0, 4).join(', ')}
            {pages.length > 4 ? ` and ${pages.length - 4} more pages` : ''}
          </span>
        </p>
      </div>
    </li>
  );
}

function Lane({ channel }: { channel: string }) {
  return (
    <span class="lanes" aria-hidden="true">
      <span class={`lane-dot ch-${channel}`} />
    </span>
  );
}

function Moment({ touchpoint: t, signals, chosen, times = 1 }: { touchpoint: Touchpoint; signals: readonly Contribution[]; chosen: boolean; times?: number }) {
  const where = placeName(t.place);
  const feeling = mood(t.mood?.displeasure);
  const bad = signals.some((s) => s.points < 0);
  return (
    <li class={`moment lane-${t.channel}${bad ? ' hurt' : ''}${chosen ? ' chosen' : ''}`} data-chosen={chosen || undefined} data-touchpoint={t.id}>
      <Lane channel={t.channel} />
      <span class="moment-when">
        <When at={t.occurred_at} as="clock" />
      </span>
      <div class="moment-what">
        <p>
          <ChannelIcon channel={t.channel} /> <b class="did">{kindName(t.kind)}</b> {where && <span class="where">{where}</span>}
          {times > 1 && <span class="times">{times} times</span>}
          <Details touchpoint={t} />
          {feeling !== 'neutral' && (
            <span class={`feeling mood-${feeling}`} title={(t.mood?.words ?? []).join(', ')}>
              <Icon name={feeling} />
              {feeling}
            </span>
          )}
        </p>
        {t.text && <blockquote lang={t.language || undefined}>{t.text}</blockquote>}
        {signals.length > 0 && (
          <ul class="moment-signals">
            {signals.map((s) => (
              <li key={`${s.name}/${s.episode ?? ''}`} class={s.points < 0 ? 'signal' : 'signal good'} title={s.reason}>
                {plain(s.name)} <b>{signedPoints(s.points)}</b>
              </li>
            ))}
          </ul>
        )}
      </div>
    </li>
  );
}

/** Numbers that a kind of touchpoint brings: how long, how well, how much. */
function Details({ touchpoint: t }: { touchpoint: Touchpoint }) {
  const facts: string[] = [];
  if (t.rating) facts.push(ratingWords(t.rating));
  if (t.duration_ms) facts.push(duration(t.duration_ms));
  if (t.status) facts.push(`status ${t.status}`);
  if (t.amount) facts.push(`${t.amount} ${t.attributes?.currency ?? ''}`.trim());
  if (t.attributes?.outcome) facts.push(plain(t.attributes.outcome));
  if (t.attributes?.reason) facts.push(plain(t.attributes.reason));
  if (t.place.agent) facts.push(`agent ${t.place.agent}`);
  if (t.reach) facts.push(`${t.reach} followers`);
  return (
    <>
      {facts.map((f) => (
        <span key={f} class="detail">
          {f}
        </span>
      ))}
    </>
  );
}
