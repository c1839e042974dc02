// Icons as strokes on a 24 × 24 grid. They are decoration: whoever shows one puts the word beside it.

const PATHS: Record<string, string> = {
  website: 'M4 5h16a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1zM3 9.5h18M6 7.3h.01M8.5 7.3h.01',
  chat: 'M12 4c5 0 9 3.1 9 7s-4 7-9 7c-.9 0-1.8-.1-2.6-.3L5 20l.8-3.5C4.1 15.2 3 13.2 3 11c0-3.9 4-7 9-7zM8.5 11h.01M12 11h.01M15.5 11h.01',
  social: 'M4 10v4a1 1 0 0 0 1 1h3l8 4V5L8 9H5a1 1 0 0 0-1 1zM19.5 9.5a4 4 0 0 1 0 5M8.5 15l1 5h2.5l-1-4',
  call: 'M6.5 3.5h3l1.5 4.5-2 1.5a12 12 0 0 0 5.5 5.5l1.5-2 4.5 1.5v3a2 2 0 0 1-2 2A15.5 15.5 0 0 1 4.5 5.5a2 2 0 0 1 2-2z',
  crm: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5a7.5 7.5 0 0 1 15 0',
  other: 'M12 12h.01M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18z',
  critical: 'M8.2 3h7.6L21 8.2v7.6L15.8 21H8.2L3 15.8V8.2zM12 7.5v5.5M12 16.3h.01',
  high: 'M12 4 2.8 20h18.4zM12 10v4.5M12 17.3h.01',
  warning: 'M12 3l9 9-9 9-9-9zM12 8v4.5M12 15.5h.01',
  info: 'M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM12 11v5.5M12 7.7h.01',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  done: 'M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM8 12.3l2.8 2.8L16 9.7',
  pause: 'M8.5 5v14M15.5 5v14',
  play: 'M7 4.5v15l12-7.5z',
  sun: 'M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z',
  auto: 'M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM12 3v18M12 7.5h7.5M12 12h9M12 16.5h7.5',
  back: 'M19 12H5M11 6l-6 6 6 6',
  table: 'M4 5h16v14H4zM4 10h16M4 14.5h16M10 5v14',
  chart: 'M4 4v16h16M8.5 16v-4M13 16V8M17.5 16v-6',
  place: 'M12 21s7-6.2 7-11.5a7 7 0 1 0-14 0C5 14.8 12 21 12 21zM12 7a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z',
  displeased: 'M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM8.5 16c.9-1.3 2.1-2 3.5-2s2.6.700 3.5 2M9 9.5v.5M15 9.5v.5',
  pleased: 'M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM8.5 14c.9 1.3 2.1 2 3.5 2s2.6-.7 3.5-2M9 9.5v.5M15 9.5v.5',
  note: 'M5 4h14v11l-5 5H5zM14 20v-5h5M8.5 8.5h7M8.5 12h4',
  close: 'M6 6l12 12M18 6L6 18',
  more: 'M6 9.5l6 6 6-6',
  star: 'M12 3.5l2.6 5.4 5.9.800-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9L3.5 9.7l5.9-.8z',
};

export function Icon({ name, class: extra }: { name: string; class?: string }) {
  return (
    <svg class={extra ? `icon ${extra}` : 'icon'} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name] ?? PATHS.other} />
    </svg>
  );
}

export const hasIcon = (name: string): boolean => name in PATHS;
