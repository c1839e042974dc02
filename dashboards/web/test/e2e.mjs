// The three core checks against a running server: an alert appears without a reload, it can be acknowledged, and the customer's
// page opens. Exit code 0 is success, 1 failure; without a browser it says so and exits 0.
//
//   npm run test:e2e -- [--url http://127.0.0.1:8480] [--wait SECONDS] [--token TOKEN] [--picture FILE]

import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { launch, noBrowser } from './chromium.mjs';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8480' },
    wait: { type: 'string', default: '120' },
    token: { type: 'string', default: '' },
    picture: { type: 'string' },
  },
});

if (noBrowser) {
  console.log(`skipped: ${noBrowser}`);
  process.exit(0);
}

const patience = Number(values.wait) * 1000;
const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
await context.addInitScript((token) => {
  localStorage.setItem('touchwatch.name', 'Browser test');
  if (token) localStorage.setItem('touchwatch.token', token);
}, values.token);
const page = await context.newPage();
const complaints = [];
page.on('pageerror', (e) => complaints.push(e.message));
let loads = 0;
page.on('load', () => loads++);

async function step(name, f) {
  const began = Date.now();
  const result = await f();
  console.log(`ok  ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  return result;
}

try {
  await step('the board opens and its data is live', async () => {
    await page.goto(values.url);
    await page.waitForSelector('[data-level="live"]', { timeout: patience });
    await page.waitForSelector('.ticker li', { timeout: patience });
  });

  const id = await step('an alert appears without a reload', async () => {
    const known = await page.$$eval('[data-alert]', (cards) => cards.map((c) => c.dataset.alert));
    const handle = await page.waitForFunction(
      (before) => [...document.querySelectorAll('.phase-firing[data-alert]')].find((c) => !before.includes(c.dataset.alert) && c.querySelector('a[href^="/customers/"]'))?.dataset.alert,
      known,
      { timeout: patience },
    );
    assert.equal(loads, 1, 'the page was loaded again');
    return handle.jsonValue();
  });
  const card = page.locator(`[data-alert=${JSON.stringify(id)}]`);

  await step('it says why', async () => {
    assert.ok((await card.locator('.alert-reason').textContent()).trim().length > 0);
  });

  await step('it is acknowledged', async () => {
    await card.getByRole('button', { name: 'Acknowledge' }).click();
    await card.getByText('Acknowledged by Browser test').waitFor({ timeout: 20_000 });
  });

  await step("the customer's page opens", async () => {
    const link = card.locator('a[href^="/customers/"]').first();
    const name = (await link.textContent()).trim();
    await link.click();
    await page.locator('.profile h1', { hasText: name }).waitFor({ timeout: 20_000 });
    await page.locator('.moment').first().waitFor({ timeout: 20_000 });
    const points = await page.locator('.waterfall .fall-points').allTextContents();
    const cents = points.map((p) => Math.round(Number(p.replaceAll(',', '').replace('−', '-')) * 100));
    assert.equal(cents.slice(0, -1).reduce((a, b) => a + b, 0), cents.at(-1), `contributions ${points} do not add up to the score`);
    await page.getByText('Acknowledged by Browser test').waitFor({ timeout: 20_000 });
  });

  assert.deepEqual(complaints, [], 'errors in the page');
} catch (e) {
  console.error(`FAILED: ${e.message}`);
  console.error(`the board says: ${await page.locator('.age').textContent().catch(() => 'nothing')}`);
  process.exitCode = 1;
} finally {
  if (values.picture) await page.screenshot({ path: values.picture }).catch(() => {});
  await browser.close();
}
