// Takes the pictures of the documentation: board, customer, place and alerts, wide and narrow, light and dark.
//
//   npm run screenshots -- [--url http://127.0.0.1:8480] [--out DIR] [--settle SECONDS] [--only board]
//
// Without --url the mock's story is photographed.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startMock } from '../mock/server.mjs';
import { launch, noBrowser } from './chromium.mjs';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    out: { type: 'string', default: 'screenshots' },
    settle: { type: 'string', default: '3' },
    only: { type: 'string' },
    token: { type: 'string', default: '' },
  },
});

if (noBrowser) {
  console.log(`skipped: ${noBrowser}`);
  process.exit(0);
}

const mock = values.url ? null : await startMock();
const base = (values.url ?? mock.url).replace(/\/$/, '');
await mkdir(values.out, { recursive: true });
const browser = await launch();

const headers = values.token ? { Authorization: `Bearer ${values.token}` } : {};
const ask = async (path) => (await fetch(`${base}/api/v1/${path}`, { headers })).json();
const customer = (await ask('risk?limit=1')).customers?.[0]?.customer;
const place = ((await ask('alerts')).alerts ?? []).find((a) => a.subject.kind === 'place')?.subject.id;

const pages = {
  board: '/',
  customer: customer && `/customers/${encodeURIComponent(customer)}`,
  place: place && `/places/${encodeURIComponent(place)}`,
  alerts: '/alerts',
};

for (const [name, path] of Object.entries(pages)) {
  if (values.only && values.only !== name) continue;
  if (!path) {
    console.log(`${name}: nothing to show yet`);
    continue;
  }
  for (const [width, height] of [[1440, 900], [390, 844]]) {
    for (const colorScheme of ['light', 'dark']) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme, deviceScaleFactor: width < 500 ? 2 : 1 });
      if (values.token) await context.addInitScript((t) => localStorage.setItem('touchwatch.token', t), values.token);
      const page = await context.newPage();
      page.on('console', (m) => m.type() === 'error' && console.log(`${name}: ${m.text()}`));
      page.on('pageerror', (e) => console.log(`${name}: ${e.message}`));
      await page.goto(base + path);
      await page.waitForSelector('[data-level="live"], [data-level="late"]', { timeout: 15_000 });
      await page.waitForTimeout(Number(values.settle) * 1000);
      const file = join(values.out, `${name}-${width}-${colorScheme}.png`);
      await page.screenshot({ path: file, fullPage: width >= 500 && name !== 'board' });
      console.log(file);
      await context.close();
    }
  }
}

await browser.close();
await mock?.close();
