// The newest touchpoints, at a pace that a person can read: a few every other second, those that say something first.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { FeedItem } from '../protocol';
import { picture } from '../live/store';
import { isRecovery, kindName, mood, personName, plain } from '../words';
import { ChannelIcon, customerPath, Empty, Panel, When } from '../ui/bits';
import { useHeld } from '../ui/hold';
import { Icon } from '../ui/icon';
import { pick, TURN } from './pace';

const NONE: readonly FeedItem[] = [];

function useCalm(feed: readonly FeedItem[]): readonly FeedItem[] {
  const [shown, setShown] = useState<readonly FeedItem[]>(NONE);
  const turn = useRef(0);
  useEffect(() => {
    const wait = shown.length ? Math.max(0, turn.current + TURN - performance.now()) : 0;
    const timer = setTimeout(() => {
      turn.current = performance.now();
      setShown((before) => pick(before, feed));
    }, wait);
    return () => clearTimeout(timer);
  }, [feed]);
  return feed.length ? shown : NONE;
}

export function Ticker() {
  const list = useHeld(useCalm(picture.value?.feed ?? NONE), (i) => i.id);
  return (
    <Panel
      id="ticker"
      class="ticker-panel"
      title="Happening now"
      aside={<span class="panel-aside">{list.held ? <span class="waiting">held while you look</span> : 'newest first'}</span>}
    >
      <div class="scroll" {...list.handlers}>
        {list.rows.length ? (
          <ol class="ticker">
            {list.rows.map((i) => (
              <li key={i.id}>
                <Item item={i} />
              </li>
            ))}
          </ol>
        ) : (
          <Empty icon="other">{picture.value ? 'Nothing yet.' : 'Waiting for the first picture.'}</Empty>
        )}
      </div>
    </Panel>
  );
}

function Item({ item: i }: { item: FeedItem }) {
  const feeling = mood(i.mood);
  return (
    <div class={`happening mood-${feeling}`}>
      <ChannelIcon channel={i.channel} />
      <span class="happening-what">
        <a href={customerPath(i.customer)}>{personName(i.customer, i.name)}</a>{' '}
        <span class="did">{kindName(i.kind)}</span>{' '}
        {i.text ? <q>{i.text}</q> : i.place ? <span class="where">{i.place}</span> : null}
        {(i.signals ?? []).map((s) => (
          <span key={s} class={isRecovery(s) ? 'signal good' : 'signal'}>
            {plain(s)}
          </span>
        ))}
      </span>
      {feeling !== 'neutral' && (
        <span class="feeling" title={feeling}>
          <Icon name={feeling} />
          <span class="quiet">{feeling}</span>
        </span>
      )}
      <span class="happening-when">
        <When at={i.at} as="clock" />
      </span>
    </div>
  );
}
