// The line to the server: one WebSocket that is opened again whenever it ends, with growing pauses and jitter so that a
// restarted server is not met by all boards at once. It knows nothing of pictures: whoever owns it says what to ask first
// and gets every message.

import type { Message, Request } from '../protocol';
import type { LinkState } from './freshness';

export interface Socket {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
}

export interface Surroundings {
  open(): Socket;
  now(): number;
  /** Runs f once after ms milliseconds and returns how to call it off. */
  later(f: () => void, ms: number): () => void;
  random(): number;
}

export interface Listener {
  /** The first request on every new connection. */
  first(): Request;
  message(m: Message): void;
  state(s: LinkState): void;
  /** A connection ended before it brought a single message: the place to find out whether a token is missing. */
  unheard(): void;
}

export const SHORTEST_PAUSE = 500;
export const LONGEST_PAUSE = 15_000;
/** A ping goes out when nothing was heard for this long … */
export const PING_AFTER = 10_000;
/** … and the connection counts as dead when nothing was heard for this long. */
export const DEAD_AFTER = 25_000;

/** The pause before the n-th attempt in a row (0 for the first), in milliseconds. */
export function pauseBefore(attempt: number, random: number): number {
  const longest = Math.min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** attempt);
  return longest / 2 + (longest / 2) * random;
}

export class Line {
  private socket: Socket | null = null;
  private attempt = 0;
  private heardAt = 0;
  private opened = false;
  private heard = false;
  private stopTimer: () => void = () => {};
  private running = false;

  constructor(
    private readonly world: Surroundings,
    private readonly listener: Listener,
  ) {}

  start(): void {
    if (this.running) return;
    this.running = true;
    this.attempt = 0;
    this.connect();
  }

  /** Ends the connection and does not come back until start. */
  stop(state: LinkState = 'lost'): void {
    this.running = false;
    this.drop();
    this.listener.state(state);
  }

  /** Tries at once instead of waiting for the pause to end: the network came back, or somebody looks again. */
  hurry(): void {
    if (!this.running || this.socket) return;
    this.stopTimer();
    this.connect();
  }

  /** Sends a request if the connection is open, and says whether it did. */
  send(request: Request): boolean {
    if (!this.socket || !this.opened) return false;
    this.socket.send(JSON.stringify(request));
    return true;
  }

  /** Gives the present connection up and opens another. */
  again(): void {
    if (!this.running) return;
    this.drop();
    this.retry();
  }

  private connect(): void {
    const socket = this.world.open();
    this.socket = socket;
    this.opened = this.heard = false;
    this.heardAt = this.world.now();
    socket.onopen = () => {
      if (socket !== this.socket) return;
      this.opened = true;
      socket.send(JSON.stringify(this.listener.first()));
    };
    socket.onmessage = (event) => {
      if (socket === this.socket) this.receive(event.data);
    };
    socket.onclose = () => {
      if (socket !== this.socket) return;
      const unheard = !this.heard;
      this.drop();
      this.retry();
      if (unheard) this.listener.unheard();
    };
    this.watch();
  }

  private receive(data: unknown): void {
    const message = parse(data);
    if (!message) return this.again();
    this.heardAt = this.world.now();
    if (!this.heard && message.type !== 'error') {
      this.heard = true;
      this.attempt = 0;
      this.listener.state('open');
    }
    this.listener.message(message);
  }

  /** Pings a silent connection and gives up a dead one: a socket may stay open for minutes after the network is gone. */
  private watch(): void {
    this.stopTimer = this.world.later(() => {
      const silence = this.world.now() - this.heardAt;
      if (silence >= DEAD_AFTER) return this.again();
      if (silence >= PING_AFTER) this.send({ type: 'ping' });
      this.watch();
    }, PING_AFTER / 2);
  }

  private retry(): void {
    this.listener.state('lost');
    const pause = pauseBefore(this.attempt++, this.world.random());
    this.stopTimer = this.world.later(() => this.connect(), pause);
  }

  private drop(): void {
    this.stopTimer();
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}

function parse(data: unknown): Message | null {
  if (typeof data !== 'string') return null;
  try {
    const m = JSON.parse(data) as Message;
    return typeof m?.type === 'string' && typeof m.now === 'number' ? m : null;
  } catch {
    return null;
  }
}
