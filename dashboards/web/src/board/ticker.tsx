// The newest touchpoints, as they come.

import type { FeedItem } from '../protocol';
import { picture } from '../live/store';
import { isRecovery, kindName, mood, plain } from '../words';
import { ChannelIcon, customerPath, Empty, Panel, When } from '../ui/bits';
import { useHeld } from '../ui/hold';
import { Icon } from '../ui/icon';

const SHOWN = 40;

export function Ticker() {
  const feed = picture.value?.feed ?? [];
  const list = useHeld(feed.slice(0, SHOWN), (i) => i.id);
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
        <a href={customerPath(i.customer)}>{i.name || (i.customer.startsWith('anon_') ? 'visitor' : i.customer)}</a>{' '}
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
