// What the pages draw from: the picture, the link, and a clock that ticks once a second. This is the shell around the pure
// parts; it is the only place that opens the socket and reads this machine's clock.

import { computed, effect, signal } from '@preact/signals';
import type { Filter, Millis } from '../protocol';
import { token, askForToken } from '../access';
import { ServerClock } from './clock';
import { judge, type LinkState } from './freshness';
import { Line, type Socket } from './line';
import { rankAlerts, rankRisk, type Picture } from './picture';
import { Session } from './session';

const clock = new ServerClock();
const session = new Session(() => token.peek());

/** The newest picture, whether it is shown or not. */
const latest = signal<Picture | null>(null);
const held = signal<Picture | null>(null);

export const link = signal<LinkState>('connecting');

/** The server's clock, moving once a second. */
export const now = signal<Millis>(Date.now());

/** Whether a person stopped the board. What is shown then stays; its age goes on growing. */
export const paused = signal(false);

/** The picture on the screen. */
export const picture = computed(() => (paused.value ? held.value : latest.value));

export const progress = signal<Picture['progress'] | null>(null);
export const freshness = computed(() =>
  judge(paused.value && held.value ? held.value.progress : progress.value, now.value, link.value),
);
export const alerts = computed(() => rankAlerts(picture.value?.alerts.values() ?? [], now.value));
export const atRisk = computed(() => rankRisk(picture.value?.risk.values() ?? []));

/** The newest picture for those who watch for news, such as the announcer. */
export const newest = computed(() => latest.value);

export function setPaused(on: boolean): void {
  held.value = on ? latest.peek() : null;
  paused.value = on;
}

/** The server's time for a moment of this machine's clock, to the millisecond. */
export const serverNow = (): Millis => clock.at(Date.now());

const line = new Line(
  {
    open: () => new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/live`) as Socket,
    now: () => Date.now(),
    later: (f, ms) => {
      const timer = setTimeout(f, ms);
      return () => clearTimeout(timer);
    },
    random: Math.random,
  },
  {
    first: () => session.first(),
    state: (s) => {
      link.value = s;
    },
    unheard: () => void findOutWhetherTokenIsMissing(),
    message: (m) => {
      clock.note(m.now, Date.now());
      const answer = session.take(m);
      if (answer.picture !== latest.peek()) {
        latest.value = answer.picture;
        if (answer.picture) progress.value = answer.picture.progress;
      }
      if (answer.send) line.send(answer.send);
      if (answer.unauthorized) refuse();
    },
  },
);

/** Subscribes to what a page needs; undefined for everything. */
export function watch(filter: Filter | undefined): void {
  const request = session.narrow(filter);
  if (!request) return;
  setPaused(false);
  latest.value = null;
  line.send(request);
}

export function start(): void {
  effect(() => {
    // A new token, or the first one: try with it.
    token.value;
    if (link.peek() === 'refused') {
      link.value = 'connecting';
      line.start();
    }
  });
  setInterval(tick, 1000);
  addEventListener('online', () => line.hurry());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible') return;
    tick();
    line.hurry();
  });
  line.start();
}

function tick(): void {
  now.value = serverNow();
}

function refuse(): void {
  line.stop('refused');
  askForToken();
}

async function findOutWhetherTokenIsMissing(): Promise<void> {
  try {
    const bearer = token.peek();
    const answer = await fetch('/api/v1/risk?limit=1', bearer ? { headers: { Authorization: `Bearer ${bearer}` } } : {});
    if (answer.status === 401) refuse();
  } catch {
    // The server cannot be reached at all; the line goes on trying.
  }
}
