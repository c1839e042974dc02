// The built board in a real browser against the mock: what a person sees and does, and what axe finds.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, afterEach, before, describe, test } from 'node:test';
import { startMock } from '../mock/server.mjs';
import { launch, noBrowser } from './chromium.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser;
let mock;
let contexts = [];
let mocks = [];

/** A mock of one test's own, so that it may break it. */
async function ownMock(options) {
  const own = await startMock(options);
  mocks.push(own);
  return own;
}

/** A new person at the board. Errors on the console fail the test. */
async function visit(path, { width = 1440, height = 900, colorScheme = 'light', name = 'Mia', url = mock.url, reducedMotion = 'no-preference', errors = true } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion, bypassCSP: true });
  contexts.push(context);
  context.setDefaultTimeout(10_000);
  if (name) await context.addInitScript((n) => localStorage.setItem('touchwatch.name', n), name);
  const page = await context.newPage();
  page.complaints = [];
  if (errors) page.on('console', (m) => m.type() === 'error' && page.complaints.push(m.text()));
  page.on('pageerror', (e) => page.complaints.push(e.message));
  await page.goto(url + path);
  return page;
}

const live = (page) => page.waitForSelector('[data-level="live"]', { timeout: 15_000 });
const steer = (what, url = mock.url) => fetch(`${url}/mock/${what}`);
const somebody = (i) => [...mock.world.people.values()][i];

async function axe(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .map((v) => `${v.id}: ${v.help}\n${v.nodes.slice(0, 4).map((n) => `   ${n.target.join(' ')}\n   ${n.failureSummary.split('\n').slice(1, 3).join(' ')}`).join('\n')}`);
}

describe('the board', { skip: noBrowser || false, timeout: 480_000 }, () => {
  before(async () => {
    mock = await startMock();
    browser = await launch();
  });
  afterEach(async () => {
    const complaints = contexts.flatMap((c) => c.pages().flatMap((p) => p.complaints ?? []));
    for (const c of contexts) await c.close();
    contexts = [];
    for (const m of mocks) await m.close();
    mocks = [];
    assert.deepEqual(complaints, [], 'errors on the console');
  });
  after(async () => {
    await browser?.close();
    await mock?.close();
  });

  test('shows an alert without a reload and moves to acknowledged on a click', async () => {
    const page = await visit('/');
    await live(page);
    const who = somebody(12);
    const card = page.locator('.alert', { hasText: who.profile.name }).filter({ hasText: 'Experience below 40' });
    assert.equal(await card.count(), 0, 'the alert must not be there before');
    await steer(`trouble?customer=${who.id}`);
    await card.waitFor({ timeout: 5000 });
    await card.getByRole('button', { name: 'Acknowledge' }).click();
    await card.getByText('Acknowledged by Mia').waitFor({ timeout: 5000 });
    assert.equal(await card.getByRole('button', { name: 'Acknowledge' }).count(), 0);
  });

  test('asks for a name the first time, and how it ended on resolve', async () => {
    const page = await visit('/', { name: '' });
    await live(page);
    const who = somebody(15);
    await steer(`trouble?customer=${who.id}`);
    const card = page.locator('.alert', { hasText: who.profile.name }).filter({ hasText: 'Experience below 40' });
    await card.waitFor();
    await card.getByRole('button', { name: 'Acknowledge' }).click();
    await page.getByLabel('Your name').fill('Tom');
    await page.getByLabel('Note').fill('calling now');
    await page.getByRole('dialog').getByRole('button', { name: 'Acknowledge' }).click();
    await card.getByText('Acknowledged by Tom: calling now').waitFor();
    await card.getByRole('button', { name: 'Resolve' }).click();
    await page.getByLabel('False alarm').check();
    await page.getByRole('dialog').getByRole('button', { name: 'Resolve' }).click();
    await page.locator('.alert.ended', { hasText: who.profile.name }).getByText('false alarm · Tom').waitFor();
  });

  test('opens the customer, whose contributions add up to the score, and follows what happens', async () => {
    const page = await visit('/');
    await live(page);
    const row = page.locator('.risk').first();
    const name = await row.locator('b').textContent();
    await row.click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
    assert.match(page.url(), /\/customers\/cus_/);
    const numbers = await page.locator('.waterfall .fall-points').allTextContents();
    const values = numbers.map((n) => Math.round(Number(n.replace('−', '-').replace('+', '')) * 100));
    assert.equal(values.slice(0, -1).reduce((a, b) => a + b, 0), values.at(-1), `contributions ${numbers} do not add up`);
    const id = decodeURIComponent(page.url().split('/').at(-1));
    const moments = page.locator('.moment');
    const before = await moments.first().getAttribute('data-touchpoint');
    await steer(`trouble?customer=${id}`);
    await page.waitForFunction((b) => document.querySelector('.moment')?.getAttribute('data-touchpoint') !== b, before, { timeout: 5000 });
    await page.locator('.fall-button').first().click();
    await page.locator('.moment.chosen').first().waitFor();
  });

  test('fetches evidence that is older than what is shown', async () => {
    const own = await ownMock({ still: true });
    const page = await visit('/', { url: own.url });
    const who = [...own.world.people.values()][12];
    const now = Date.now();
    own.world.happen(who.id, [1, 'call', 'call.answered', { queue: 'billing' }, '', { signals: [['long_wait', -60, 864_000, 'waited two hours']] }], now - 7_200_000);
    for (let i = 0; i < 60; i++) own.world.happen(who.id, [1, 'website', 'website.search', { page: `/p${i}` }], now - 3_600_000 + i * 50_000);
    await page.goto(`${own.url}/customers/${who.id}`);
    const wait = page.locator('.fall-button', { hasText: 'waited two hours' });
    await wait.waitFor();
    assert.equal(await page.locator('.moment', { hasText: 'waited two hours' }).count(), 0);
    await wait.click();
    await page.locator('.moment.chosen', { hasText: 'Long wait' }).waitFor();
    who.touchpoints.length = 50;
    await page.reload();
    await wait.click();
    await page.getByText('older than what is kept').waitFor();
  });

  test('says how old the data is while the socket stays open', async () => {
    const own = await ownMock({ still: true });
    const page = await visit('/', { url: own.url });
    await live(page);
    await steer('stall?topic=touchpoints.chat&ago=14000', own.url);
    const age = page.locator('.age');
    await page.waitForSelector('[data-level="late"]');
    assert.match(await age.textContent(), /^data 1\d s old: ingest stalled on touchpoints\.chat since \d\d:\d\d:\d\d$/);
    assert.equal(await age.getAttribute('data-link'), 'open');
    await steer('stall?topic=touchpoints.chat&ago=61000', own.url);
    await page.waitForSelector('[data-level="lost"]');
    assert.equal(await age.getAttribute('data-link'), 'open');
    await steer('flow', own.url);
    await live(page);
  });

  test('says that a channel is silent, although the picture is fresh', async () => {
    const own = await ownMock({ still: true });
    const page = await visit('/', { url: own.url });
    await live(page);
    const warnings = page.locator('.warnings');
    assert.equal(await warnings.count(), 0);
    const words = 'channel silent: touchpoints.chat has had no record for 7m10s, 43 are usual in that time';
    await steer(`warn?words=${encodeURIComponent(words)}`, own.url);
    await warnings.waitFor();
    assert.equal(await warnings.textContent(), words);
    await live(page);
    await steer('warn', own.url);
    await warnings.waitFor({ state: 'detached' });
  });

  test('says when the connection is lost, comes back by itself, and has what it missed', async () => {
    const own = await ownMock({ still: true });
    const port = new URL(own.url).port;
    const page = await visit('/', { url: own.url, errors: false });
    await live(page);
    await steer('cut', own.url);
    await page.waitForSelector('[data-link="lost"]');
    await page.waitForSelector('[data-link="open"]');
    mocks = [];
    await own.close();
    await page.getByText(/connection lost, last picture \d+ s old, retrying/).waitFor();
    const again = await ownMock({ still: true, listen: `127.0.0.1:${port}` });
    await steer(`trouble?customer=${[...again.world.people.keys()][12]}`, again.url);
    await live(page);
    await page.locator('.alert', { hasText: somebody(12).profile.name }).first().waitFor();
  });

  test('resumes after a number was lost', async () => {
    const own = await ownMock({ still: true });
    const page = await visit('/', { url: own.url });
    await live(page);
    const sent = [];
    page.on('websocket', () => sent.push('reconnected'));
    const who = [...own.world.people.values()][12];
    own.world.happen(who.id, [1, 'call', 'call.answered', {}, '', { signals: [['long_wait', -110, 3600, 'waited very long']] }], Date.now());
    await steer('skip', own.url);
    await page.locator('.alert', { hasText: who.profile.name }).filter({ hasText: 'Experience below 40' }).waitFor({ timeout: 5000 });
    assert.deepEqual(sent, [], 'a gap is mended on the same connection');
  });

  test('asks for the token and works with it', async () => {
    const own = await ownMock({ token: 'open-sesame' });
    const page = await visit('/', { url: own.url, errors: false });
    await page.getByRole('dialog', { name: 'Access token' }).waitFor();
    await page.getByRole('dialog').locator('input').fill('wrong');
    await page.getByRole('button', { name: 'Open the board' }).click();
    await page.getByText('did not accept the token').waitFor();
    await page.getByRole('dialog').locator('input').fill('open-sesame');
    await page.getByRole('button', { name: 'Open the board' }).click();
    await live(page);
    await page.locator('.risk').first().click();
    await page.locator('.waterfall .fall').first().waitFor();
  });

  test('stands still when paused, and says so', async () => {
    const page = await visit('/');
    await live(page);
    await page.getByRole('button', { name: 'Pause' }).click();
    const first = () => page.locator('.ticker li').first().textContent();
    const before = await first();
    await page.getByText(/^paused, picture [2-9] s old$/).waitFor();
    assert.equal(await first(), before);
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.waitForFunction((b) => document.querySelector('.ticker li')?.textContent !== b, before);
  });

  test('keeps rows in place under the pointer and counts who waits', async () => {
    const page = await visit('/');
    await live(page);
    await page.locator('.alerts-panel .scroll').hover();
    const before = await page.locator('.alerts-panel .alert').first().getAttribute('data-alert');
    await steer(`trouble?customer=${somebody(18).id}`);
    await page.locator('.alerts-panel').getByText(/new waiting/).waitFor();
    assert.equal(await page.locator('.alerts-panel .alert').first().getAttribute('data-alert'), before);
    await page.mouse.move(5, 5);
    await page.locator('.alerts-panel .alert', { hasText: somebody(18).profile.name }).first().waitFor();
  });

  test('shows the chart as a table, and the chart has words', async () => {
    const page = await visit('/');
    await live(page);
    assert.match(await page.locator('.plot').getAttribute('aria-label'), /touchpoints in the last hour/);
    await page.getByRole('button', { name: 'Show as table' }).click();
    assert.equal(await page.getByRole('region', { name: 'The minutes as a table' }).locator('tbody tr').count(), 60);
  });

  test('the chart moves with time though nothing comes', async () => {
    const own = await ownMock({ still: true });
    const page = await visit('/', { url: own.url });
    await live(page);
    const look = () => page.locator('.plot canvas').screenshot();
    const before = await look();
    await page.waitForTimeout(12_000);
    assert.notDeepEqual(await look(), before);
  });

  test('works by keyboard alone', async () => {
    const page = await visit('/', { reducedMotion: 'reduce' });
    await live(page);
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to content');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
    for (let i = 0; i < 250; i++) {
      await page.keyboard.press('Tab');
      if (await page.evaluate(() => document.activeElement.classList.contains('risk'))) break;
    }
    const seen = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(seen, 'solid', 'focus must be seen');
    await page.keyboard.press('Enter');
    await page.locator('.profile h1').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  });

  test('reads out a new critical alert once', async () => {
    const page = await visit('/');
    await live(page);
    const status = page.getByRole('status');
    assert.equal(await status.textContent(), '');
    await steer(`trouble?customer=${somebody(19).id}`);
    await page.waitForFunction(() => document.querySelector('[role=status]').textContent.includes('New critical alert'));
    assert.match(await status.textContent(), new RegExp(somebody(19).profile.name));
  });

  test('narrows alerts by severity and phase', async () => {
    const page = await visit('/alerts');
    await live(page);
    await page.getByRole('button', { name: /^Warning/ }).click();
    const severities = await page.locator('.alert .severity').allTextContents();
    assert.ok(severities.length > 0 && severities.every((s) => s === 'Warning'), String(severities));
    await page.getByRole('button', { name: /^Warning/ }).click();
    await page.getByRole('button', { name: /^Resolved/ }).click();
    assert.ok((await page.locator('.alert.ended').count()) > 0);
    assert.equal(await page.locator('.alert:not(.ended)').count(), 0);
  });

  test('tells what is wrong with an address', async () => {
    const page = await visit('/customers/nobody', { errors: false });
    await page.getByText('Nobody with this id is known').waitFor();
    const place = await visit('/places/page:%2Fnever', { errors: false });
    await place.getByText('Nobody had trouble here lately').waitFor();
    const odd = await visit('/odd');
    await odd.getByText('There is no page /odd').waitFor();
  });

  test('obeys its own content policy', async () => {
    const context = await browser.newContext();
    contexts.push(context);
    const page = await context.newPage();
    page.complaints = [];
    page.on('console', (m) => m.type() === 'error' && page.complaints.push(m.text()));
    await page.goto(mock.url);
    await live(page);
    await page.locator('.risk').first().click();
    await page.locator('.waterfall .fall').first().waitFor();
  });

  const pages = [
    ['the board', '/'],
    ['a customer', () => `/customers/${somebody(0).id}`],
    ['a place', '/places/page:%2Fcheckout'],
    ['all alerts', '/alerts'],
  ];
  for (const [what, path] of pages) {
    for (const [width, height] of [[1440, 900], [390, 844]]) {
      for (const colorScheme of ['light', 'dark']) {
        test(`${what} at ${width} in ${colorScheme}: nothing serious for axe, nothing wider than the screen`, async () => {
          const page = await visit(typeof path === 'string' ? path : path(), { width, height, colorScheme, reducedMotion: 'reduce' });
          await live(page);
          await page.locator('.alert, .fall').first().waitFor();
          assert.deepEqual(await axe(page), []);
          assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
        });
      }
    }
  }

  test('the theme button wins over the system and is remembered', async () => {
    const page = await visit('/', { colorScheme: 'light' });
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    const button = page.getByRole('button', { name: /^Theme/ });
    await button.click();
    await button.click();
    assert.notEqual(await background(), light);
    await page.reload();
    await button.waitFor();
    assert.notEqual(await background(), light);
  });
});
