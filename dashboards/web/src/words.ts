// Names of things in plain words. What has no entry is shown as the server names it, with spaces: a new kind, signal or
// channel needs no new board.

import type { Touchpoint } from './protocol';

const CHANNEL: Record<string, string> = { website: 'Website', chat: 'Chat', social: 'Social', call: 'Call', crm: 'CRM' };

export const channelName = (c: string): string => CHANNEL[c] ?? plain(c);

const KIND: Record<string, string> = {
  'website.page_view': 'viewed',
  'website.click': 'clicked',
  'website.form_start': 'started form',
  'website.form_field': 'filled',
  'website.form_error': 'form error',
  'website.form_submit': 'submitted',
  'website.page_leave': 'left',
  'website.page_speed': 'page measured',
  'website.script_error': 'script error',
  'website.request_failed': 'request failed',
  'website.checkout_failed': 'checkout failed',
  'website.purchase': 'bought',
  'website.search': 'searched',
  'website.identify': 'logged in',
  'website.custom': 'event',
  'website.survey': 'answered a survey',
  'chat.opened': 'opened a chat',
  'chat.customer_message': 'wrote',
  'chat.agent_message': 'was answered',
  'chat.closed': 'chat closed',
  'chat.rating': 'rated the chat',
  'chat.handover': 'handed over',
  'chat.updated': 'chat changed',
  'social.post': 'posted',
  'social.mention': 'mentioned us',
  'social.direct_message': 'sent a direct message',
  'social.review': 'reviewed',
  'social.reply': 'was replied to',
  'call.queued': 'called, in the queue',
  'call.answered': 'call answered',
  'call.hold_start': 'put on hold',
  'call.hold_end': 'back from hold',
  'call.transferred': 'transferred',
  'call.turn': 'said',
  'call.ended': 'call ended',
  'call.survey': 'rated the call',
  'call.record': 'called',
  'crm.profile': 'profile changed',
};

export function kindName(kind: string): string {
  return KIND[kind] ?? plain(kind.slice(kind.indexOf('.') + 1));
}

/** "rage_click" → "rage click". */
export const plain = (name: string): string => name.replaceAll('_', ' ');

export const sentence = (s: string): string => s.charAt(0).toUpperCase() + s.slice(1);

const ALIAS: Record<string, string> = {
  id: 'CRM id',
  email: 'E-mail',
  phone: 'Phone',
  handle: 'Handle',
  contact: 'Chat contact',
  cookie: 'Browser',
};

export const aliasName = (kind: string): string => ALIAS[kind] ?? plain(kind);

/** Ways to reach a person: a cookie or a chat system's id is a way to recognise one, not to reach one. */
export const reachable = (kind: string): boolean => kind === 'email' || kind === 'phone' || kind === 'handle';

const OUTCOME: Record<string, string> = {
  handled: 'handled',
  false_alarm: 'false alarm',
  recovered: 'recovered by itself',
  merged: 'part of a more urgent alert',
};

export const outcomeName = (o: string | undefined): string => (o ? (OUTCOME[o] ?? plain(o)) : 'ended');

const languages = typeof Intl.DisplayNames === 'function' ? new Intl.DisplayNames('en', { type: 'language' }) : null;

export function languageName(code: string): string {
  try {
    return languages?.of(code) ?? code;
  } catch {
    return code;
  }
}

/** Signals that speak for the experience; the ticker brings names only. */
const RECOVERIES = new Set(['calmed_down', 'company_replied', 'good_rating', 'problem_solved', 'purchase']);

export const isRecovery = (signal: string): boolean => RECOVERIES.has(signal);

/** A rating on its own scale: "1 of 5 stars", "NPS 3 of 10". */
export function ratingWords(r: { metric: string; score: number; max: number }): string {
  return r.metric === 'stars' ? `${r.score} of ${r.max} stars` : `${r.metric.toUpperCase()} ${r.score} of ${r.max}`;
}

/** A person as the board names them: by name, by id, or as a visitor whom nobody knows. */
export function personName(id: string, name?: string): string {
  return name || (id.startsWith('anon_') ? `visitor ${id.slice(5, 9)}` : id);
}

export type Mood = 'displeased' | 'pleased' | 'neutral';

/** Displeasure from −1 (delighted) to 1 (furious) in three words. */
export function mood(displeasure: number | undefined): Mood {
  if (displeasure === undefined || Math.abs(displeasure) < 0.25) return 'neutral';
  return displeasure > 0 ? 'displeased' : 'pleased';
}

export type Band = 'bad' | 'low' | 'fair' | 'good';

/** Where a score stands, for colour and for a word beside it. */
export function band(score: number): Band {
  if (score < 40) return 'bad';
  if (score < 60) return 'low';
  return score < 80 ? 'fair' : 'good';
}

const BAND: Record<Band, string> = { bad: 'in trouble', low: 'unhappy', fair: 'so-so', good: 'well' };

export const bandName = (score: number): string => BAND[band(score)];

/** Where it happened, most telling part first: "Pay now on /checkout", "queue billing". */
export function placeName(place: Touchpoint['place']): string {
  const parts: string[] = [];
  if (place.element) parts.push(place.element);
  if (place.field) parts.push(`field ${place.field}`);
  if (place.form) parts.push(`form ${place.form}`);
  const where = parts.join(', ');
  if (place.page) return where ? `${where} on ${place.page}` : place.page;
  if (where) return where;
  if (place.queue) return `queue ${place.queue}`;
  return place.platform ?? place.product ?? '';
}

/** A place key of the form kind:value, split for display. */
export function splitPlace(key: string): { kind: string; value: string } {
  const colon = key.indexOf(':');
  return colon < 0 ? { kind: 'place', value: key } : { kind: key.slice(0, colon), value: key.slice(colon + 1) };
}
