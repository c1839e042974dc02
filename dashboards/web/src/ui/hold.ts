// Rows must not move under a pointer or a keyboard focus. While a list is held, its order stands still: the rows
// that are there stay where they are and keep changing in place, new ones wait and are counted.

import { useRef, useState } from 'preact/hooks';

export interface Held<T> {
  rows: T[];
  /** Rows that wait until the list is let go. */
  waiting: number;
  held: boolean;
  /** Goes on the list's element. */
  handlers: {
    onPointerEnter(e: PointerEvent): void;
    onPointerLeave(e: PointerEvent): void;
    onFocusIn(e: FocusEvent): void;
    onFocusOut(e: FocusEvent): void;
  };
}

export function useHeld<T>(rows: readonly T[], id: (row: T) => string): Held<T> {
  const [pointer, setPointer] = useState(false);
  const [focus, setFocus] = useState(false);
  const order = useRef<string[]>([]);
  const held = pointer || focus;
  const shown = held ? inOrder(rows, id, order.current) : [...rows];
  if (!held) order.current = rows.map(id);
  return {
    rows: shown,
    waiting: held ? rows.length - shown.length : 0,
    held,
    handlers: {
      onPointerEnter: (e) => e.pointerType === 'mouse' && setPointer(true),
      onPointerLeave: () => setPointer(false),
      onFocusIn: (e) => setFocus((e.target as Element).matches(':focus-visible')),
      onFocusOut: (e) => {
        if (!(e.currentTarget as Element).contains(e.relatedTarget as Node | null)) setFocus(false);
      },
    },
  };
}

/** The rows that are in order, in that order; those that left are gone, those that came are not there yet. */
export function inOrder<T>(rows: readonly T[], id: (row: T) => string, order: readonly string[]): T[] {
  const byId = new Map(rows.map((r) => [id(r), r]));
  return order.flatMap((key) => byId.get(key) ?? []);
}
