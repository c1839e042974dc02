// The head of every page: name, ways around, how old the data is, pause and theme.

import { clock, duration } from '../format';
import { describe } from '../live/freshness';
import { alerts, freshness, paused, setPaused } from '../live/store';
import { route } from '../route';
import { nextTheme, theme } from '../theme';
import { askForToken } from '../access';
import { Icon } from './icon';

export function Header() {
  return (
    <header class="top">
      <a class="skip" href="#main" onClick={skip}>
        Skip to content
      </a>
      <a class="brand" href="/">
        <Logo />
        touchwatch
      </a>
      <nav aria-label="Pages">
        <a href="/" aria-current={route.value.page === 'board' ? 'page' : undefined}>
          Board
        </a>
        <a href="/alerts" aria-current={route.value.page === 'alerts' ? 'page' : undefined}>
          Alerts
        </a>
      </nav>
      <Age />
      <div class="tools">
        <button type="button" class="button ghost" aria-pressed={paused.value} onClick={() => setPaused(!paused.value)}>
          <Icon name={paused.value ? 'play' : 'pause'} />
          <span class="tool-word">{paused.value ? 'Go on' : 'Pause'}</span>
        </button>
        <ThemeButton />
      </div>
    </header>
  );
}

function skip(e: Event): void {
  e.preventDefault();
  document.getElementById('main')?.focus();
}

/** How old the picture is, in words and in colour. */
function Age() {
  const f = freshness.value;
  const words = describe(f, duration, clock);
  return (
    <p class={`age age-${paused.value && f.level === 'live' ? 'late' : f.level}`} data-level={f.level} data-link={f.link}>
      <span class="age-dot" aria-hidden="true" />
      <span>{paused.value && f.age !== null && f.link === 'open' ? `paused, picture ${duration(f.age)} old` : words}</span>
      {f.link === 'refused' && (
        <button type="button" class="button small" onClick={askForToken}>
          Enter token
        </button>
      )}
    </p>
  );
}

const THEME_ICON = { auto: 'auto', light: 'sun', dark: 'moon' } as const;

function ThemeButton() {
  const next = nextTheme(theme.value);
  return (
    <button
      type="button"
      class="button ghost"
      title={`Theme: ${theme.value}`}
      aria-label={`Theme: ${theme.value}. Switch to ${next}`}
      onClick={() => (theme.value = next)}
    >
      <Icon name={THEME_ICON[theme.value]} />
    </button>
  );
}

function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path class="ch-website" d="M5 16A11 11 0 0 1 16 5" />
      <path class="ch-chat" d="M16 5a11 11 0 0 1 11 11" />
      <path class="ch-social" d="M27 16a11 11 0 0 1-11 11" />
      <path class="ch-call" d="M16 27A11 11 0 0 1 5 16" />
      <circle cx="16" cy="16" r="4" />
    </svg>
  );
}

/** The tab's title counts what nobody has taken yet. */
export function titleFor(page: string): string {
  const firing = alerts.value.filter((a) => a.phase === 'firing').length;
  return `${firing ? `(${firing}) ` : ''}${page} · touchwatch`;
}
