// Which page is shown. The address is the only state: links are plain links, and a click on one stays on the board.

import { computed, signal } from '@preact/signals';

export type Route =
  | { page: 'board' }
  | { page: 'alerts' }
  | { page: 'customer'; id: string }
  | { page: 'place'; key: string }
  | { page: 'missing'; path: string };

const path = signal('/');

export const route = computed(() => parse(path.value));

/** What the page is about, in words, once the page knows it: a customer's name instead of the id. */
export const heading = signal('');

export function parse(p: string): Route {
  if (p === '/') return { page: 'board' };
  if (p === '/alerts') return { page: 'alerts' };
  const [, folder, rest] = /^\/(customers|places)\/(.+)$/.exec(p) ?? [];
  const id = decode(rest);
  if (!id) return { page: 'missing', path: p };
  return folder === 'customers' ? { page: 'customer', id } : { page: 'place', key: id };
}

function decode(s: string | undefined): string {
  try {
    return decodeURIComponent(s ?? '');
  } catch {
    return '';
  }
}

export function go(to: string): void {
  history.pushState(null, '', to);
  heading.value = '';
  path.value = location.pathname;
  scrollTo(0, 0);
}

export function startRouter(): void {
  path.value = location.pathname;
  addEventListener('popstate', () => {
    heading.value = '';
    path.value = location.pathname;
  });
  document.addEventListener('click', (e) => {
    const a = (e.target as Element).closest?.('a');
    const plain = e.button === 0 && !e.defaultPrevented && !e.metaKey && !e.ctrlKey && !e.shiftKey && !e.altKey;
    if (!a || !plain || a.target || a.origin !== location.origin || a.pathname.startsWith('/api/')) return;
    e.preventDefault();
    if (a.pathname !== location.pathname) go(a.pathname);
  });
}
