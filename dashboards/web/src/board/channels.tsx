// Live numbers: one tile per channel with its rate, its share of negatives and its last minutes.

import { useComputed } from '@preact/signals';
import { rate, share } from '../format';
import { now, picture } from '../live/store';
import { channelName } from '../words';
import { Icon } from '../ui/icon';
import { channelsOf, pulseOf, SHARE_MINUTES, windowOf, type Pulse } from './pulse';

export function Channels() {
  const pulses = useComputed(() => {
    const minutes = picture.value?.minutes ?? new Map();
    const window = windowOf(minutes, now.value);
    return channelsOf(minutes).map((c) => pulseOf(minutes, c, now.value, window));
  });
  return (
    <ul class="channels" aria-label="Channels now">
      {pulses.value.map((p) => (
        <Tile key={p.channel} pulse={p} />
      ))}
    </ul>
  );
}

function Tile({ pulse }: { pulse: Pulse }) {
  const part = pulse.total > 0 ? pulse.negatives / pulse.total : 0;
  return (
    <li class={`tile panel ch-${pulse.channel}`}>
      <h2>
        <Icon name={pulse.channel} />
        {channelName(pulse.channel)}
      </h2>
      <p class="tile-rate">
        <span class="tile-number">{rate(pulse.perMinute)}</span> <span class="unit">per minute</span>
      </p>
      <p class={`tile-share${part >= 0.1 ? ' hot' : ''}`}>
        <strong>{share(pulse.negatives, pulse.total)}</strong> negative<span class="quiet"> in the last {SHARE_MINUTES} minutes</span>
      </p>
      <Spark pulse={pulse} />
    </li>
  );
}

const WIDTH = 240;
const HEIGHT = 44;

/** The window as a line without the running minute, which would always dip. Red strokes below mark minutes with negatives. */
function Spark({ pulse }: { pulse: Pulse }) {
  const totals = pulse.totals.slice(0, -1);
  const top = Math.max(4, ...totals);
  const step = WIDTH / (totals.length - 1);
  const line = totals.map((v, i) => `${(i * step).toFixed(1)} ${(HEIGHT - 6 - (v / top) * (HEIGHT - 10)).toFixed(1)}`).join('L');
  const worst = Math.max(1, ...pulse.bad);
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
      <path class="spark-area" d={`M0 ${HEIGHT - 6}L${line}L${WIDTH} ${HEIGHT - 6}Z`} />
      <path class="spark-line" d={`M${line}`} />
      {pulse.bad.slice(0, -1).map((v, i) =>
        v > 0 ? (
          <rect key={i} class="spark-bad" x={(i * step - 1.2).toFixed(1)} width="2.4" height={(1.5 + (3.5 * v) / worst).toFixed(1)} y={HEIGHT - 5} />
        ) : null,
      )}
    </svg>
  );
}
