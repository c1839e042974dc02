import { beforeEach, describe, expect, it } from 'vitest';
import { DEAD_AFTER, Line, LONGEST_PAUSE, pauseBefore, PING_AFTER, type Socket } from './line';
import type { LinkState } from './freshness';
import type { Message } from '../protocol';
import { snapshot } from './made';

class FakeSocket implements Socket {
  sent: { type: string }[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(): void {
    this.closed = true;
  }
  say(m: Message): void {
    this.onmessage?.({ data: JSON.stringify(m) });
  }
}

/** A world whose time moves by hand. */
class World {
  at = 0;
  sockets: FakeSocket[] = [];
  timers: { due: number; f: () => void }[] = [];
  open = () => {
    const s = new FakeSocket();
    this.sockets.push(s);
    return s;
  };
  now = () => this.at;
  random = () => 0;
  later = (f: () => void, ms: number) => {
    const timer = { due: this.at + ms, f };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((t) => t !== timer);
    };
  };
  pass(ms: number): void {
    const end = this.at + ms;
    for (;;) {
      const next = this.timers.sort((a, b) => a.due - b.due)[0];
      if (!next || next.due > end) break;
      this.timers.shift();
      this.at = next.due;
      next.f();
    }
    this.at = end;
  }
  get socket(): FakeSocket {
    return this.sockets.at(-1)!;
  }
}

let world: World;
let states: LinkState[];
let unheard: number;
let line: Line;

beforeEach(() => {
  world = new World();
  states = [];
  unheard = 0;
  line = new Line(world, {
    first: () => ({ type: 'subscribe' }),
    message: () => {},
    state: (s) => states.push(s),
    unheard: () => unheard++,
  });
});

const connect = () => {
  line.start();
  world.socket.onopen?.();
  world.socket.say(snapshot(1));
};

describe('a line', () => {
  it('asks first, and counts as open once something was heard', () => {
    line.start();
    expect(states).toEqual([]);
    world.socket.onopen?.();
    expect(world.socket.sent).toEqual([{ type: 'subscribe' }]);
    expect(states).toEqual([]);
    world.socket.say(snapshot(1));
    expect(states).toEqual(['open']);
  });

  it('comes back by itself, later and later, and at once after it was heard again', () => {
    connect();
    world.socket.onclose?.({ code: 1006 });
    expect(states.at(-1)).toBe('lost');
    const pauses: number[] = [];
    for (let i = 0; i < 8; i++) {
      const before = world.sockets.length;
      const started = world.at;
      while (world.sockets.length === before) world.pass(50);
      pauses.push(world.at - started);
      world.socket.onclose?.({ code: 1006 });
    }
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
    expect(pauses.at(-1)).toBeLessThanOrEqual(LONGEST_PAUSE);
    world.pass(LONGEST_PAUSE);
    world.socket.onopen?.();
    world.socket.say(snapshot(1));
    world.socket.onclose?.({ code: 1006 });
    const before = world.sockets.length;
    world.pass(500);
    expect(world.sockets.length).toBe(before + 1);
  });

  it('does not wait when told to hurry', () => {
    connect();
    world.socket.onclose?.({ code: 1006 });
    line.hurry();
    expect(world.sockets).toHaveLength(2);
    line.hurry();
    expect(world.sockets).toHaveLength(2);
  });

  it('pings a silent connection and gives up a dead one', () => {
    connect();
    world.pass(PING_AFTER);
    expect(world.socket.sent.at(-1)).toEqual({ type: 'ping' });
    const silent = world.socket;
    world.pass(DEAD_AFTER);
    expect(silent.closed).toBe(true);
    expect(world.sockets.length).toBeGreaterThan(1);
  });

  it('says when a connection ended before anything was heard', () => {
    line.start();
    world.socket.onopen?.();
    world.socket.onclose?.({ code: 1006 });
    expect(unheard).toBe(1);
    connect();
  });

  it('starts over on what it cannot read', () => {
    connect();
    const broken = world.socket;
    broken.onmessage?.({ data: '{"type":' });
    expect(broken.closed).toBe(true);
    expect(states.at(-1)).toBe('lost');
  });

  it('stays away after stop, and stops twice', () => {
    connect();
    line.stop('refused');
    line.stop('refused');
    world.pass(60_000);
    expect(world.sockets).toHaveLength(1);
    expect(states.at(-1)).toBe('refused');
    line.start();
    expect(world.sockets).toHaveLength(2);
  });

  it('ignores the end of a connection it has given up', () => {
    connect();
    const old = world.socket;
    const late = old.onclose;
    line.again();
    late?.({ code: 1006 });
    world.pass(500);
    expect(world.sockets).toHaveLength(2);
  });

  it('sends only on an open connection', () => {
    line.start();
    expect(line.send({ type: 'ping' })).toBe(false);
    world.socket.onopen?.();
    expect(line.send({ type: 'ping' })).toBe(true);
  });
});

it('spreads the pauses by at most half', () => {
  for (let n = 0; n < 12; n++) {
    expect(pauseBefore(n, 0)).toBeGreaterThanOrEqual(pauseBefore(n, 1) / 2);
    expect(pauseBefore(n, 1)).toBeLessThanOrEqual(LONGEST_PAUSE);
  }
});
