// Numbers, ages and moments as a person reads them. Times are in the reader's zone, on a 24-hour clock.

import type { Millis } from './protocol';

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const two = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

export const count = (n: number): string => whole.format(n);

/** A rate: one decimal below ten, none above. */
export const rate = (n: number): string => (n > 0 && n < 9.95 ? one.format(n) : whole.format(n));

/** A share in per cent, "–" when there is nothing to take a share of. */
export function share(part: number, all: number): string {
  if (all <= 0) return '–';
  const percent = (100 * part) / all;
  return `${percent > 0 && percent < 9.95 ? one.format(percent) : whole.format(percent)} %`;
}

/** Score points with two decimals and a real minus sign. */
export const points = (n: number): string => two.format(n).replace('-', '−');
export const signedPoints = (n: number): string => (n > 0 ? '+' : '') + points(n);

/** A score from 0 to 100 with one decimal. */
export const score = (n: number): string => one.format(n);

/** A yearly value, short: 950, 48.2k, 1.3M. */
export function money(n: number): string {
  if (Math.abs(n) >= 999_500) return `${one.format(n / 1e6)}M`;
  if (Math.abs(n) >= 10_000) return `${one.format(n / 1e3).replace('.0', '')}k`;
  return whole.format(n);
}

/** A length of time in its largest one or two units: "4 s", "12 min", "1 h 5 min", "3 d". */
export function duration(ms: Millis): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 && hours < 10 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} d`;
}

/** How long ago, for what a person reads in passing. */
export const ago = (at: Millis, now: Millis): string => (now - at < 3000 ? 'just now' : `${duration(now - at)} ago`);

const clockFormat = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const minuteFormat = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const dayFormat = new Intl.DateTimeFormat('en', { weekday: 'short', day: 'numeric', month: 'short' });
const fullFormat = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'long', hourCycle: 'h23' });

export const clock = (at: Millis): string => clockFormat.format(at);
export const minute = (at: Millis): string => minuteFormat.format(at);
export const day = (at: Millis): string => dayFormat.format(at);
export const full = (at: Millis): string => fullFormat.format(at);
