// The HTTP API, with the bearer token where there is one. Errors carry the words of the server's problem document.

import type { Alert, CustomerAnswer, PlaceAnswer, TouchpointsAnswer } from './protocol';
import { askForToken, token } from './access';

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export const api = {
  customer: (id: string, signal?: AbortSignal) => get<CustomerAnswer>(`customers/${encodeURIComponent(id)}`, signal),
  touchpoints: (id: string, before?: number, signal?: AbortSignal) =>
    get<TouchpointsAnswer>(
      `customers/${encodeURIComponent(id)}/touchpoints?limit=50${before ? `&before=${before}` : ''}`,
      signal,
    ),
  place: (key: string, signal?: AbortSignal) => get<PlaceAnswer>(`places/${encodeURIComponent(key)}`, signal),
  alerts: (phase: string, severity: string, signal?: AbortSignal) =>
    get<{ alerts: Alert[] | null }>(`alerts?${new URLSearchParams(drop({ phase, severity }))}`, signal),
  acknowledge: (a: Alert, by: string, note: string) => act(a, 'acknowledge', { by, note }),
  resolve: (a: Alert, by: string, note: string, outcome: string) => act(a, 'resolve', { by, note, outcome }),
};

function act(a: Alert, verb: string, body: Record<string, string>): Promise<unknown> {
  return request(`alerts/${encodeURIComponent(a.id)}/${verb}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ subject_kind: a.subject.kind, subject: a.subject.id, ...drop(body) }),
  });
}

const get = <T>(path: string, signal?: AbortSignal): Promise<T> => request(path, signal ? { signal } : {}) as Promise<T>;

async function request(path: string, init: RequestInit): Promise<unknown> {
  const headers = new Headers(init.headers);
  if (token.peek()) headers.set('Authorization', `Bearer ${token.peek()}`);
  const answer = await fetch(`/api/v1/${path}`, { ...init, headers });
  if (answer.ok) return answer.status === 204 || answer.headers.get('Content-Length') === '0' ? null : answer.json().catch(() => null);
  if (answer.status === 401) askForToken();
  throw new ApiError(answer.status, await problem(answer));
}

async function problem(answer: Response): Promise<string> {
  const body = (await answer.json().catch(() => ({}))) as {
    title?: string;
    detail?: string;
    errors?: { message?: string; location?: string }[];
  };
  const errors = (body.errors ?? []).map((e) => [e.location, e.message].filter(Boolean).join(': '));
  return [body.detail ?? body.title ?? `the server answered ${answer.status}`, ...errors].join('; ');
}

function drop(fields: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([, v]) => v !== ''));
}
