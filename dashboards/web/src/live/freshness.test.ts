import { describe as group, expect, it } from 'vitest';
import { duration } from '../format';
import { ServerClock } from './clock';
import { describe, judge, LATE_AFTER, STALE_AFTER, type LinkState } from './freshness';

const now = 1_000_000;
const at = (age: number, link: LinkState = 'open', sources: [string, number][] = []) =>
  judge({ up_to: now - age, sources: sources.map(([topic, a]) => ({ topic, up_to: now - a })) }, now, link);
const words = (f: ReturnType<typeof judge>) => describe(f, duration, (m) => `t${now - m}`);

group('the age of the data', () => {
  it('is that of the data, not of the socket', () => {
    expect(at(1000).level).toBe('live');
    expect(at(LATE_AFTER).level).toBe('live');
    expect(at(LATE_AFTER + 1).level).toBe('late');
    expect(at(STALE_AFTER).level).toBe('late');
    expect(at(STALE_AFTER + 1).level).toBe('lost');
  });

  it('is red without a connection, however young the data is', () => {
    expect(at(0, 'lost').level).toBe('lost');
    expect(words(at(12_000, 'lost'))).toBe('connection lost, last picture 12 s old, retrying');
  });

  it('names the topic that stands still and since when', () => {
    const f = at(14_000, 'open', [['touchpoints.call', 300], ['touchpoints.chat', 14_000], ['touchpoints.social', 100]]);
    expect(words(f)).toBe('data 14 s old: ingest stalled on touchpoints.chat since t14000');
  });

  it('is amber when one topic stands still while the rest goes on', () => {
    expect(at(500, 'open', [['touchpoints.chat', 20_000]]).level).toBe('late');
  });

  it('shortens a long list of topics', () => {
    const f = at(20_000, 'open', [['a', 20_000], ['b', 19_000], ['c', 18_000]]);
    expect(words(f)).toBe('data 20 s old: ingest stalled on a and 2 more since t20000');
  });

  it('does not pretend to know before the first progress', () => {
    expect(judge(null, now, 'connecting').level).toBe('waiting');
    expect(judge({ up_to: 0, sources: null }, now, 'open')).toMatchObject({ level: 'waiting', age: null });
    expect(words(judge(null, now, 'connecting'))).toBe('connecting');
    expect(words(judge({ up_to: 0, sources: [] }, now, 'open'))).toBe('connected, waiting for the first data');
    expect(words(judge(null, now, 'lost'))).toBe('connection lost, no picture yet, retrying');
  });

  it('is never negative, whatever the clocks say', () => {
    expect(at(-5000).age).toBe(0);
  });
});

group("the server's clock", () => {
  it('corrects a wrong clock here', () => {
    const c = new ServerClock();
    c.note(500_000, 100_000);
    expect(c.at(101_000)).toBe(501_000);
  });

  it('is not set back by messages that arrive late: a backlog does not look fresh', () => {
    const c = new ServerClock();
    c.note(100_000, 100_000);
    c.note(101_000, 131_000);
    expect(c.at(131_000)).toBe(131_000);
  });

  it('forgets an old difference after some minutes', () => {
    const c = new ServerClock();
    c.note(160_000, 100_000);
    c.note(700_000, 700_000);
    c.note(1_300_000, 1_300_000);
    expect(c.at(1_300_000)).toBe(1_300_000);
  });

  it('is this clock before the first message', () => {
    expect(new ServerClock().at(5)).toBe(5);
  });
});
