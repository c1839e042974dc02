import { describe, expect, it } from 'vitest';
import { alert, delta, snapshot } from './made';
import { Session } from './session';

describe('a session', () => {
  it('subscribes first, and resumes where the picture ends after a break', () => {
    const s = new Session(() => '');
    expect(s.first()).toEqual({ type: 'subscribe' });
    s.take(snapshot(4));
    s.take(delta(5));
    expect(s.first()).toEqual({ type: 'resume', epoch: 'e1', sequence: 5 });
  });

  it('asks for what is missing once, and believes nothing until the answer comes', () => {
    const s = new Session(() => '');
    s.take(snapshot(4));
    expect(s.take(delta(6)).send).toEqual({ type: 'resume', epoch: 'e1', sequence: 4 });
    const during = s.take(delta(7, { alerts: [alert('a')] }));
    expect(during.send).toBeUndefined();
    expect(during.picture?.alerts.size).toBe(0);
    const after = s.take({ ...delta(7, { alerts: [alert('a')] }), resumed: true });
    expect(after.picture?.alerts.size).toBe(1);
    expect(s.take(delta(8)).picture?.sequence).toBe(8);
  });

  it('takes a new snapshot instead of a resume when the server forgot', () => {
    const s = new Session(() => '');
    s.take(snapshot(4, { alerts: [alert('old')] }));
    s.first();
    expect([...s.take(snapshot(1, { alerts: [alert('new')] }, 'e2')).picture!.alerts.keys()]).toEqual(['new']);
  });

  it('goes on after a resume that missed nothing', () => {
    const s = new Session(() => '');
    s.take(snapshot(4));
    s.first();
    s.take({ ...delta(4), resumed: true });
    expect(s.take(delta(5)).picture?.sequence).toBe(5);
  });

  it('starts over when the subscription changes, and only then', () => {
    const s = new Session(() => '');
    s.first();
    s.take(snapshot(4));
    expect(s.narrow(undefined)).toBeNull();
    expect(s.narrow({ customer: 'cus_1' })).toEqual({ type: 'subscribe', filter: { customer: 'cus_1' } });
    expect(s.take(delta(5)).picture).toBeNull();
    s.take(snapshot(5));
    expect(s.first()).toEqual({ type: 'resume', epoch: 'e1', sequence: 5, filter: { customer: 'cus_1' } });
  });

  it('sends the token with the first message only', () => {
    const s = new Session(() => 'secret');
    expect(s.first().token).toBe('secret');
    expect(s.narrow({ customer: 'x' })?.token).toBeUndefined();
  });

  it('tells when the server wants a token, and keeps the picture on other errors', () => {
    const s = new Session(() => '');
    s.take(snapshot(4));
    const error = (code: string) => s.take({ type: 'error', sequence: 0, now: 1, error: { code, detail: '' } });
    expect(error('unauthorized').unauthorized).toBe(true);
    expect(error('too_slow')).toMatchObject({ unauthorized: false, picture: { sequence: 4 } });
  });
});
