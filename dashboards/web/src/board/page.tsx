// The wall board: the pulse of the channels, who is in trouble, and what happens right now.

import { useEffect } from 'preact/hooks';
import { watch } from '../live/store';
import { Alerts } from './alerts';
import { Channels } from './channels';
import { Chart } from './chart';
import { Risk } from './risk';
import { Ticker } from './ticker';

export function Board() {
  useEffect(() => watch(undefined), []);
  return (
    <main class="board" id="main" tabIndex={-1}>
      <h1 class="quiet">Board</h1>
      <Channels />
      <Chart />
      <Alerts />
      <Risk />
      <Ticker />
    </main>
  );
}
