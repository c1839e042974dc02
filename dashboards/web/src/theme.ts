// Light, dark, or what the system says.

import { effect, signal } from '@preact/signals';
import { read, write } from './access';

export type Theme = 'auto' | 'light' | 'dark';

const KEY = 'touchwatch.theme';
const stored = read(KEY);

export const theme = signal<Theme>(stored === 'light' || stored === 'dark' ? stored : 'auto');

/** Rises whenever the colours changed, so that what is drawn on a canvas can be drawn again. */
export const colours = signal(0);

export const nextTheme = (t: Theme): Theme => (t === 'auto' ? 'light' : t === 'light' ? 'dark' : 'auto');

export function startTheme(): void {
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
    write(KEY, theme.value);
    colours.value = colours.peek() + 1;
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    colours.value = colours.peek() + 1;
  });
}
