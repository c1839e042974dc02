import { expect, it } from 'vitest';
import { ago, count, duration, money, rate, share, signedPoints } from './format';
import { kindName, mood, placeName, ratingWords, splitPlace } from './words';

it('writes lengths of time in the largest units', () => {
  expect([0, 499, 1400, 59_400, 60_000, 3_599_000, 3_600_000, 3_900_000, 36_000_000, 86_400_000, 3 * 86_400_000, -5].map(duration)).toEqual([
    '0 s', '0 s', '1 s', '59 s', '1 min', '59 min', '1 h', '1 h 5 min', '10 h', '1 d', '3 d', '0 s',
  ]);
  expect(ago(1000, 2000)).toBe('just now');
  expect(ago(0, 240_000)).toBe('4 min ago');
});

it('writes numbers short', () => {
  expect([0, 3.21, 9.94, 9.96, 1234].map(rate)).toEqual(['0', '3.2', '9.9', '10', '1,234']);
  expect([950, 9999, 48_200, 126_000, 1_300_000].map(money)).toEqual(['950', '9,999', '48.2k', '126k', '1.3M']);
  expect([share(0, 0), share(0, 10), share(1, 30), share(1, 2)]).toEqual(['–', '0 %', '3.3 %', '50 %']);
  expect([signedPoints(-12.4), signedPoints(6), count(25563)]).toEqual(['−12.40', '+6.00', '25,563']);
});

it('has words for what it knows and shows the rest as it is', () => {
  expect([kindName('chat.customer_message'), kindName('kiosk.button_pressed'), kindName('odd')]).toEqual(['wrote', 'button pressed', 'odd']);
  expect([mood(undefined), mood(0.1), mood(0.6), mood(-0.6)]).toEqual(['neutral', 'neutral', 'displeased', 'pleased']);
  expect([placeName({ page: '/checkout', element: 'button#pay' }), placeName({ queue: 'billing' }), placeName({})]).toEqual(['button#pay on /checkout', 'queue billing', '']);
  expect([splitPlace('page:/a:b'), splitPlace('odd')]).toEqual([{ kind: 'page', value: '/a:b' }, { kind: 'place', value: 'odd' }]);
  expect([ratingWords({ metric: 'stars', score: 1, max: 5 }), ratingWords({ metric: 'nps', score: 3, max: 10 })]).toEqual(['1 of 5 stars', 'NPS 3 of 10']);
});
