// Small pieces that every page uses: a moment, a channel, a severity, a score, a link that stays on the board.

import type { ComponentChildren } from 'preact';
import type { Channel, Millis, Severity } from '../protocol';
import { ago, clock, full, score as scoreText } from '../format';
import { now } from '../live/store';
import { band, bandName, channelName, sentence } from '../words';
import { Icon } from './icon';

/** A moment, as its age (which moves) or as a time of day. The whole moment is in the title. */
export function When({ at, as = 'ago' }: { at: Millis; as?: 'ago' | 'clock' }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={full(at)}>
      {as === 'clock' ? clock(at) : ago(at, now.value)}
    </time>
  );
}

export function ChannelIcon({ channel, word = false }: { channel: Channel; word?: boolean }) {
  return (
    <span class={`channel ch-${channel}`}>
      <Icon name={channel} />
      <span class={word ? '' : 'quiet'}>{channelName(channel)}</span>
    </span>
  );
}

export function SeverityMark({ severity }: { severity: Severity }) {
  return (
    <span class={`severity sev-${severity}`}>
      <Icon name={severity} />
      {sentence(severity)}
    </span>
  );
}

const AROUND = 2 * Math.PI * 15.5;

/** A score as a ring and a number; the word behind the colour is there for those who cannot see it. */
export function ScoreRing({ score, large = false }: { score: number; large?: boolean }) {
  const filled = (AROUND * Math.min(100, Math.max(0, score))) / 100;
  return (
    <span class={`ring band-${band(score)}${large ? ' ring-large' : ''}`}>
      <svg viewBox="0 0 36 36" aria-hidden="true" focusable="false">
        <circle class="ring-track" cx="18" cy="18" r="15.5" />
        <circle class="ring-fill" cx="18" cy="18" r="15.5" stroke-dasharray={`${filled.toFixed(2)} ${AROUND.toFixed(2)}`} />
      </svg>
      <span class="ring-number">{large ? scoreText(score) : Math.round(score)}</span>
      <span class="quiet"> of 100, {bandName(score)}</span>
    </span>
  );
}

export const customerPath = (id: string): string => `/customers/${encodeURIComponent(id)}`;
export const placePath = (key: string): string => `/places/${encodeURIComponent(key)}`;

export function Panel(props: {
  id: string;
  title: string;
  aside?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}) {
  return (
    <section class={`panel ${props.class ?? ''}`} aria-labelledby={`${props.id}-title`}>
      <header class="panel-head">
        <h2 id={`${props.id}-title`}>{props.title}</h2>
        {props.aside}
      </header>
      {props.children}
    </section>
  );
}

export function Empty({ icon = 'done', children }: { icon?: string; children: ComponentChildren }) {
  return (
    <p class="empty">
      <Icon name={icon} />
      <span>{children}</span>
    </p>
  );
}
