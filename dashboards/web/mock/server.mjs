// A stand-in for the server while the board is developed, tested and photographed: it serves dist/, speaks the live protocol
// and the HTTP API of one seeded story, and lets a test steer it under /mock/.
//
//   node mock/server.mjs [--listen 127.0.0.1:8499] [--seed 7] [--rate 8] [--token SECRET] [--still]

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { WebSocketServer } from 'ws';
import { api } from './api.mjs';
import { Hub } from './hub.mjs';
import { World } from './world.mjs';

const DIST = join(fileURLToPath(new URL('.', import.meta.url)), '..', 'dist');
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
// The same policy as the real handler, so that a test on the mock finds what it would forbid.
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export async function startMock({ listen = '127.0.0.1:0', seed = 7, rate = 8, token = '', still = false } = {}) {
  const world = new World(seed, Date.now(), { rate });
  const hub = new Hub(world);
  const state = { world, hub, token };
  const server = createServer((req, res) => void handle(state, req, res));
  const sockets = new WebSocketServer({ server, path: '/api/v1/live' });
  sockets.on('connection', (socket) => hub.join(socket, state.token));
  const timer = setInterval(() => {
    if (!still) world.step(Date.now());
    else world.progressAt(Date.now());
    hub.beat();
  }, 1000);
  const [host, port] = listen.split(':');
  await new Promise((resolve, reject) => server.once('error', reject).listen(Number(port), host, resolve));
  return {
    ...state,
    url: `http://${host}:${server.address().port}`,
    async close() {
      clearInterval(timer);
      for (const c of sockets.clients) c.terminate();
      await new Promise((resolve) => server.close(resolve).closeAllConnections());
    },
  };
}

async function handle(state, req, res) {
  const url = new URL(req.url, 'http://mock');
  if (url.pathname.startsWith('/mock/')) return steer(state, url, res);
  if (url.pathname.startsWith('/api/')) return api(state, req, url, res);
  const file = extname(url.pathname) && !/^\/(customers|places)\//.test(url.pathname) ? url.pathname : '/index.html';
  try {
    const body = await readFile(join(DIST, decodeURIComponent(file)));
    res.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream', 'Content-Security-Policy': POLICY }).end(body);
  } catch {
    res.writeHead(404).end();
  }
}

/** What a test may do to the world. */
function steer({ world, hub }, url, res) {
  const now = Date.now();
  const who = url.searchParams.get('customer') ?? [...world.people.keys()][12];
  const steps = {
    trouble: () => {
      for (let i = 0; i < 6; i++) world.happen(who, [1, 'call', 'call.answered', { queue: 'billing' }, '', { duration: 512_000, signals: [['long_wait', -14, 21_600, 'waited 8 min 32 s in the queue billing']] }], now + i);
    },
    stall: () => world.stall(url.searchParams.get('topic') ?? 'touchpoints.chat', now - Number(url.searchParams.get('ago') ?? 0)),
    flow: () => world.flow(),
    warn: () => world.warn(url.searchParams.get('words')),
    cut: () => hub.cut(),
    skip: () => hub.skip(),
  };
  const step = steps[url.pathname.slice('/mock/'.length)];
  if (!step) return res.writeHead(404).end();
  step();
  world.progressAt(now);
  if (url.pathname !== '/mock/cut') hub.beat();
  res.writeHead(204).end();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      listen: { type: 'string', default: '127.0.0.1:8499' },
      seed: { type: 'string', default: '7' },
      rate: { type: 'string', default: '8' },
      token: { type: 'string', default: '' },
      still: { type: 'boolean', default: false },
    },
  });
  const mock = await startMock({ ...values, seed: Number(values.seed), rate: Number(values.rate) });
  console.log(`mock board on ${mock.url}`);
}
