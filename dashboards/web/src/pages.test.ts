import { describe, expect, it } from 'vitest';
import { narrow, union } from './alerts/narrow';
import { MOST, pick } from './board/pace';
import { channelsOf, pulseOf, seriesOf, stack, summary, windowOf } from './board/pulse';
import { join, rows } from './customer/timeline';
import { waterfall } from './customer/waterfall';
import { alert, item, minute } from './live/made';
import { minuteKey } from './live/picture';
import { byCustomer, perMinute } from './place/hits';
import type { Contribution, Minute, Touchpoint } from './protocol';
import { parse } from './route';
import { unheard, words } from './ui/announcer';
import { inOrder } from './ui/hold';

const MINUTE = 60_000;
const picture = (...minutes: Minute[]) => new Map(minutes.map((m) => [minuteKey(m), m]));

describe('the pulse', () => {
  const now = 100 * MINUTE + 15_000;

  it('looks through the smallest window that shows all', () => {
    const from = (at: number) => windowOf(picture(minute(at * MINUTE, 'chat', 1)), now);
    expect([from(100), from(86), from(85), from(71), from(70), from(41), from(1)]).toEqual([15, 15, 30, 30, 60, 60, 60]);
    expect(windowOf(new Map(), now)).toBe(15);
  });

  it('counts the last sixty seconds over the edge of a minute', () => {
    const p = pulseOf(picture(minute(99 * MINUTE, 'chat', 40), minute(100 * MINUTE, 'chat', 5)), 'chat', now);
    expect(p.perMinute).toBe(5 + 40 * 0.75);
  });

  it('goes on moving when nothing comes', () => {
    const minutes = picture(minute(99 * MINUTE, 'chat', 40));
    expect(seriesOf(minutes, now).totals[1]!.at(-2)).toBe(40);
    expect(seriesOf(minutes, now + 3 * MINUTE).totals[1]!.at(-5)).toBe(40);
    expect(seriesOf(minutes, now + 70 * MINUTE).totals[1]!.every((n) => n === 0)).toBe(true);
    expect(seriesOf(minutes, now + 20 * MINUTE).x).toHaveLength(30);
  });

  it('shows the four channels and whatever else comes, but not the CRM', () => {
    expect(channelsOf(picture(minute(0, 'kiosk', 1), minute(0, 'crm', 1)))).toEqual(['website', 'chat', 'social', 'call', 'kiosk']);
  });

  it('stacks', () => {
    expect(stack([[1, 2], [3, 4], [0, 1]])).toEqual([[1, 2], [4, 6], [4, 7]]);
  });

  it('says in words what the chart shows', () => {
    const text = summary(seriesOf(picture(minute(90 * MINUTE, 'chat', 30, 3), minute(95 * MINUTE, 'website', 70, 1)), now));
    expect(text).toMatch(/^100 touchpoints in the last 15 minutes, 4\.0 % negative\. Busiest \d\d:\d\d with 70, most negatives \d\d:\d\d with 3; Website brings 70 %\.$/);
    expect(summary(seriesOf(new Map(), now))).toBe('No touchpoints in the last 15 minutes.');
  });
});

describe('the ticker', () => {
  const at = (id: string, when: number, more = {}) => ({ ...item(id), at: when, ...more });

  it('starts with the newest and then takes a few at a time, those that say most', () => {
    const first = pick([], [at('b', 2), at('a', 1)]);
    expect(first.map((i) => i.id)).toEqual(['b', 'a']);
    const busy = [...Array.from({ length: 20 }, (_, i) => at(`n${i}`, 30 - i)), at('hurt', 4, { signals: ['rage_click'] }), at('words', 3, { text: 'hello' })];
    const next = pick(first, busy);
    expect(next).toHaveLength(2 + MOST);
    expect(next.map((i) => i.id)).toContain('hurt');
    expect(next.map((i) => i.id)).toContain('words');
    expect(next.map((i) => i.at)).toEqual([...next.map((i) => i.at)].sort((a, b) => b - a));
  });

  it('does not move when nothing is new', () => {
    const shown = pick([], [at('a', 1)]);
    expect(pick(shown, [at('a', 1), at('older', 0)])).toBe(shown);
  });
});

describe('the waterfall', () => {
  const c = (name: string, points: number): Contribution => ({ name, points });
  const sum = (w: ReturnType<typeof waterfall>) => w.total;

  it('ends at the score that the server says', () => {
    const w = waterfall({ baseline: 100, score: 72.57, contributions: [c('a', -30.1), c('b', 2.67)] });
    expect(sum(w)).toBe(72.57);
    expect(w.steps.map((s) => s.after)).toEqual([69.9, 72.57]);
  });

  it('shows what the bounds took away, last', () => {
    const w = waterfall({ baseline: 100, score: 0, contributions: [c('limit', 20), c('a', -120)] });
    expect(w.steps.map((s) => s.contribution.name)).toEqual(['a', 'limit']);
    expect(sum(w)).toBe(0);
    expect(w.zero).toBeCloseTo(20 / 120);
    expect(w.steps[0]!.left).toBe(0);
  });

  it('shows what the cap of a family took away before what the bounds did', () => {
    const cap: Contribution = { name: 'limit', family: 'friction', episode: 'friction', points: 30 };
    const w = waterfall({ baseline: 100, score: 0, contributions: [c('a', -60), c('b', -90), cap, c('limit', 20)] });
    expect(w.steps.map((s) => s.contribution.family ?? s.contribution.name)).toEqual(['b', 'a', 'friction', 'limit']);
    expect(sum(w)).toBe(0);
  });

  it('folds what has faded into one line that still counts', () => {
    const w = waterfall({ baseline: 100, score: 89.94, contributions: [c('a', -10), c('b', -0.04), c('c', -0.02)] });
    expect(w.rest).toEqual({ count: 2, points: -0.06 });
    expect(sum(w)).toBe(89.94);
  });

  it('starts each bar where the one before ended', () => {
    const { steps } = waterfall({ baseline: 100, score: 60, contributions: [c('a', -30), c('b', -20), c('d', 10)] });
    expect(steps[0]!.right).toBe(1);
    expect(steps[1]!.right).toBeCloseTo(steps[0]!.left);
    expect(steps[2]!.left).toBeCloseTo(steps[1]!.left);
  });

  it('needs nothing', () => {
    expect(sum(waterfall({ baseline: 100, score: 100, contributions: null }))).toBe(100);
  });
});

describe('the time line', () => {
  const t = (id: string, at: number, kind = 'chat.customer_message'): Touchpoint =>
    ({ id, occurred_at: at, received_at: at, kind, channel: kind.split('.')[0]!, place: {} });

  it('is newest first and holds each touchpoint once', () => {
    expect(join([t('b', 2), t('c', 3)], [t('a', 1), t('b', 2)]).map((x) => x.id)).toEqual(['c', 'b', 'a']);
  });

  it('puts signals at their evidence', () => {
    const out = rows([t('b', 2), t('a', 1)], [{ name: 'negative_text', points: -5, evidence: ['a'] }]);
    expect(out.map((r) => (r.type === 'touchpoint' ? [r.touchpoint.id, r.signals.length] : r.type))).toEqual(['day', ['b', 0], ['a', 1]]);
  });

  it('folds a run of plain browsing, but never evidence', () => {
    const views = [9, 8, 7, 6, 5, 4].map((n) => t(`v${n}`, n, 'website.page_view'));
    const plain = rows([t('c', 10), ...views], []);
    expect(plain.map((r) => r.type)).toEqual(['day', 'touchpoint', 'run']);
    const marked = rows(views, [{ name: 'rage_click', points: -5, evidence: ['v6'] }]);
    expect(marked.map((r) => r.type)).toEqual(['day', 'touchpoint', 'touchpoint', 'touchpoint', 'touchpoint', 'touchpoint', 'touchpoint']);
  });

  it('folds equal ones in a row, such as the clicks of a burst', () => {
    const burst = [{ name: 'rage_click', points: -5, evidence: ['c3', 'c2', 'c1'] }];
    const click = (id: string, at: number, element: string) => ({ ...t(id, at, 'website.click'), place: { page: '/a', element } });
    const out = rows([click('c3', 3, 'x'), click('c2', 2, 'x'), click('c1', 1, 'y')], burst);
    expect(out.map((r) => (r.type === 'touchpoint' ? r.ids : r.type))).toEqual(['day', ['c3', 'c2'], ['c1']]);
  });

  it('starts a new day', () => {
    const day = 86_400_000;
    expect(rows([t('b', 3 * day), t('a', day)], []).filter((r) => r.type === 'day')).toHaveLength(2);
  });
});

describe('alerts', () => {
  it('are one list of the newest versions', () => {
    const all = union([alert('a', { version: 1 }), alert('b')], [alert('a', { version: 2, phase: 'resolved' })]);
    expect(all.map((a) => [a.id, a.version])).toEqual([['a', 2], ['b', 1]]);
  });

  it('are narrowed by severity and phase', () => {
    const all = [alert('a', { severity: 'critical' }), alert('b', { phase: 'acknowledged' }), alert('c', { phase: 'resolved' }), alert('d', { phase: 'pending' })];
    const ids = (...args: Parameters<typeof narrow>) => narrow(...args).map((a) => a.id);
    expect(ids(all, [], 'open')).toEqual(['a', 'b']);
    expect(ids(all, ['critical'], 'open')).toEqual(['a']);
    expect(ids(all, [], 'resolved')).toEqual(['c']);
    expect(ids(all, [], 'all')).toEqual(['a', 'b', 'c']);
  });
});

describe('a place', () => {
  const hit = (customer: string, signal: string, at: number) => ({ customer, signal, at, channel: 'website', reason: `${signal} ${at}` });

  it('lists each customer once, the latest trouble first', () => {
    const found = byCustomer([hit('x', 'rage_click', 1), hit('y', 'rage_click', 2), hit('x', 'failed_request', 3)]);
    expect(found.map((s) => [s.customer, s.signals, s.reason])).toEqual([
      ['x', ['failed_request', 'rage_click'], 'failed_request 3'],
      ['y', ['rage_click'], 'rage_click 2'],
    ]);
  });

  it('counts by minute', () => {
    expect(perMinute([hit('x', 's', 0), hit('y', 's', 61_000), hit('z', 's', 119_000)], 120_000, 3)).toEqual([1, 0, 2]);
  });
});

describe('held lists', () => {
  it('keep their order, lose what left, and let new rows wait', () => {
    const rows = [{ id: 'new' }, { id: 'b' }, { id: 'a' }];
    expect(inOrder(rows, (r) => r.id, ['a', 'gone', 'b']).map((r) => r.id)).toEqual(['a', 'b']);
  });
});

describe('the announcer', () => {
  const critical = alert('a', { severity: 'critical' });

  it('speaks of new critical alerts only', () => {
    expect(unheard([critical, alert('b'), alert('c', { severity: 'critical', phase: 'acknowledged' })], new Set())).toEqual([critical]);
    expect(unheard([critical], new Set(['a']))).toEqual([]);
  });

  it('sums up', () => {
    expect(words([critical])).toBe('New critical alert: Trouble, Anna.');
    expect(words([critical, critical])).toBe('2 new critical alerts.');
  });
});

describe('addresses', () => {
  it('name a page', () => {
    expect(parse('/')).toEqual({ page: 'board' });
    expect(parse('/customers/cus_1%2F2')).toEqual({ page: 'customer', id: 'cus_1/2' });
    expect(parse('/places/page:%2Fcheckout')).toEqual({ page: 'place', key: 'page:/checkout' });
    expect(parse('/places/page:/checkout')).toEqual({ page: 'place', key: 'page:/checkout' });
    expect(parse('/customers/')).toEqual({ page: 'missing', path: '/customers/' });
    expect(parse('/customers/%E0%A4%A')).toEqual({ page: 'missing', path: '/customers/%E0%A4%A' });
  });
});
