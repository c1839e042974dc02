import { describe, expect, it } from 'vitest';
import { alert, delta, item, minute, row, snapshot } from './made';
import { FEED_KEPT, rankAlerts, rankRisk, take, type Picture } from './picture';
import type { Message } from '../protocol';

function play(...messages: Message[]): { picture: Picture; verdicts: string[] } {
  let picture: Picture | null = null;
  const verdicts: string[] = [];
  for (const m of messages) {
    const [next, verdict] = take(picture, m);
    picture = next;
    verdicts.push(verdict);
  }
  return { picture: picture!, verdicts };
}

describe('the sequence', () => {
  it('takes a snapshot and the deltas after it', () => {
    const { picture, verdicts } = play(snapshot(7), delta(8, { feed: [item('a')] }), delta(9));
    expect(verdicts).toEqual(['fresh', 'changed', 'changed']);
    expect(picture.sequence).toBe(9);
    expect(picture.feed.map((i) => i.id)).toEqual(['a']);
  });

  it('says that something is missing, and keeps the picture', () => {
    const { picture, verdicts } = play(snapshot(7), delta(9, { feed: [item('a')] }));
    expect(verdicts).toEqual(['fresh', 'gap']);
    expect(picture.sequence).toBe(7);
    expect(picture.feed).toEqual([]);
  });

  it('takes the jump of a resume, which holds all that was missed', () => {
    const { picture, verdicts } = play(snapshot(7), { ...delta(12, { feed: [item('a')] }), resumed: true });
    expect(verdicts).toEqual(['fresh', 'changed']);
    expect(picture.sequence).toBe(12);
  });

  it('ignores what it has seen already', () => {
    const { picture, verdicts } = play(snapshot(7), delta(8, { feed: [item('a')] }), delta(8, { feed: [item('b')] }), delta(3));
    expect(verdicts).toEqual(['fresh', 'changed', 'same', 'same']);
    expect(picture.feed.map((i) => i.id)).toEqual(['a']);
  });

  it('treats another epoch as a gap until a snapshot comes', () => {
    const { picture, verdicts } = play(snapshot(7), delta(8, {}, 'e2'), snapshot(1, {}, 'e2'), delta(2, {}, 'e2'));
    expect(verdicts).toEqual(['fresh', 'gap', 'fresh', 'changed']);
    expect(picture.epoch).toBe('e2');
  });

  it('cannot use a delta without a picture', () => {
    expect(take(null, delta(1))).toEqual([null, 'gap']);
  });
});

describe('merging', () => {
  it('lets the highest version of an alert win', () => {
    const { picture } = play(
      snapshot(1, { alerts: [alert('a', { version: 3, phase: 'acknowledged' })] }),
      delta(2, { alerts: [alert('a', { version: 2 })] }),
    );
    expect(picture.alerts.get('a')?.phase).toBe('acknowledged');
    const { picture: later } = play(snapshot(1, { alerts: [alert('a')] }), delta(2, { alerts: [alert('a', { version: 2, phase: 'resolved' })] }));
    expect(later.alerts.get('a')?.phase).toBe('resolved');
  });

  it('forgets alerts that are gone', () => {
    const { picture } = play(snapshot(1, { alerts: [alert('a'), alert('b')] }), delta(2, { gone_alerts: ['a', 'never-seen'] }));
    expect([...picture.alerts.keys()]).toEqual(['b']);
  });

  it('replaces, adds and removes rows at risk', () => {
    const { picture } = play(
      snapshot(1, { risk: [row('x', 30), row('y', 20)] }),
      delta(2, { risk: [row('x', 10), row('y', 0, { gone: true }), row('z', 50)] }),
    );
    expect(rankRisk(picture.risk.values()).map((r) => [r.customer, r.score])).toEqual([['x', 10], ['z', 50]]);
  });

  it('replaces a whole minute and drops those older than an hour', () => {
    const hour = 3_600_000;
    const { picture } = play(
      snapshot(1, { minutes: [minute(0, 'chat', 5), minute(hour, 'chat', 2)] }),
      delta(2, { minutes: [minute(hour, 'chat', 9), minute(hour + 120_000, 'chat', 1)] }),
    );
    expect([...picture.minutes.values()].map((m) => [m.minute, m.total])).toEqual([[hour, 9], [hour + 120_000, 1]]);
  });

  it('puts new feed items in front, once, and keeps a bounded number', () => {
    const many = Array.from({ length: FEED_KEPT + 10 }, (_, i) => item(`n${i}`));
    const { picture } = play(snapshot(1, { feed: [item('old')] }), delta(2, { feed: [item('new'), item('old')] }));
    expect(picture.feed.map((i) => i.id)).toEqual(['new', 'old']);
    expect(play(snapshot(1), delta(2, { feed: many })).picture.feed).toHaveLength(FEED_KEPT);
  });

  it('keeps what did not change by identity, so that views need not be drawn again', () => {
    const first = play(snapshot(1, { alerts: [alert('a')] })).picture;
    const [second] = take(first, delta(2, { feed: [item('a')] }));
    expect(second!.alerts).toBe(first.alerts);
    expect(second!.minutes).toBe(first.minutes);
  });

  it('survives lists that the server left out', () => {
    const empty = { type: 'snapshot', epoch: 'e', sequence: 1, now: 1, snapshot: { alerts: null, risk: null, minutes: null, feed: null } } as unknown as Message;
    expect(play(empty).picture.alerts.size).toBe(0);
  });
});

describe('ranking', () => {
  it('puts firing before acknowledged before ended, then the most urgent, then the latest', () => {
    const now = 10_000;
    const ranked = rankAlerts(
      [
        alert('ended', { phase: 'resolved', severity: 'critical', updated_at: 9000 }),
        alert('taken', { phase: 'acknowledged', severity: 'critical' }),
        alert('early', { severity: 'high', since: 1 }),
        alert('late', { severity: 'high', since: 2 }),
        alert('worst', { severity: 'critical' }),
        alert('pending', { phase: 'pending' }),
      ],
      now,
    );
    expect(ranked.map((a) => a.id)).toEqual(['worst', 'late', 'early', 'taken', 'ended']);
  });

  it('leaves out what ended more than an hour ago', () => {
    const ended = alert('a', { phase: 'resolved', updated_at: 0 });
    expect(rankAlerts([ended], 3_600_000)).toHaveLength(1);
    expect(rankAlerts([ended], 3_600_001)).toHaveLength(0);
  });
});
