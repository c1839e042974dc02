// Who may look, and who acts: the bearer token that the server asks for where it is not on loopback, and the name under
// which this browser's person acknowledges. Both stay in this browser.

import { signal } from '@preact/signals';

const TOKEN = 'touchwatch.token';
const NAME = 'touchwatch.name';

export const token = signal(read(TOKEN));
export const myName = signal(read(NAME));

/** Whether the token prompt is open. */
export const tokenWanted = signal(false);

export function askForToken(): void {
  tokenWanted.value = true;
}

export function setToken(value: string): void {
  write(TOKEN, value);
  tokenWanted.value = false;
  // A signal does not fire for an equal value, but entering the same token again must try again.
  if (token.peek() === value) token.value = '';
  token.value = value;
}

export function setMyName(value: string): void {
  write(NAME, value);
  myName.value = value;
}

/** Storage may be forbidden (private windows, policies); the board works without it. */
export function read(key: string): string {
  try {
    return localStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}

export function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Kept for this page only.
  }
}
