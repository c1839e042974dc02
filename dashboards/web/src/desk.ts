// What a person does about an alert. The server takes it as an entry of the subject's timeline; it is true once the alert
// comes back over the line with a higher version, and until then the button says that it was sent.

import { effect, signal } from '@preact/signals';
import type { Alert } from './protocol';
import { myName } from './access';
import { api } from './api';
import { newest } from './live/store';

export type Verb = 'acknowledge' | 'resolve';

/** Alerts with something on its way. */
export const sending = signal<ReadonlyMap<string, Verb>>(new Map());

/** What the dialog asks about, or null when it is closed. */
export const question = signal<{ alert: Alert; verb: Verb } | null>(null);

/** A line for the person who did something that failed. */
export const complaint = signal('');

const CONFIRM_WITHIN = 10_000;

/** With a known name one click is enough. */
export function acknowledge(alert: Alert): void {
  if (myName.peek()) void carryOut(alert, 'acknowledge', myName.peek(), '');
  else question.value = { alert, verb: 'acknowledge' };
}

export function askToAcknowledge(alert: Alert): void {
  question.value = { alert, verb: 'acknowledge' };
}

export function askToResolve(alert: Alert): void {
  question.value = { alert, verb: 'resolve' };
}

/** Sends the deed. It reports whether the server took it; the complaint says why not. */
export async function carryOut(alert: Alert, verb: Verb, by: string, note: string, outcome = 'handled'): Promise<boolean> {
  complaint.value = '';
  mark(alert.id, verb);
  try {
    await (verb === 'acknowledge' ? api.acknowledge(alert, by, note) : api.resolve(alert, by, note, outcome));
    awaitNews(alert, verb);
    return true;
  } catch (e) {
    mark(alert.id, null);
    complaint.value = `Could not ${verb} “${alert.title}”: ${e instanceof Error ? e.message : String(e)}.`;
    return false;
  }
}

function awaitNews(alert: Alert, verb: Verb): void {
  let stop = () => {};
  const end = () => {
    clearTimeout(timer);
    mark(alert.id, null);
    queueMicrotask(() => stop());
  };
  const timer = setTimeout(() => {
    end();
    complaint.value = `The server took “${verb}” for “${alert.title}”, but has not confirmed it yet.`;
  }, CONFIRM_WITHIN);
  stop = effect(() => {
    const current = newest.value?.alerts.get(alert.id);
    if (!newest.value || (current && current.version <= alert.version)) return;
    end();
  });
}

function mark(id: string, verb: Verb | null): void {
  const marks = new Map(sending.peek());
  if (verb) marks.set(id, verb);
  else marks.delete(id);
  sending.value = marks;
}
