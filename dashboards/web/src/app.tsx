// The frame around the pages.

import { useEffect, useRef } from 'preact/hooks';
import { AlertsPage } from './alerts/page';
import { Board } from './board/page';
import { CustomerPage } from './customer/page';
import { PlacePage } from './place/page';
import { heading, route, type Route } from './route';
import { Announcer } from './ui/announcer';
import { Dialogs } from './ui/dialogs';
import { Header, titleFor } from './ui/header';
import { Warnings } from './ui/warnings';
import { splitPlace } from './words';

export function App() {
  const r = route.value;
  const key = JSON.stringify(r);
  const first = useRef(true);
  useEffect(() => {
    document.title = titleFor(heading.value || nameOf(r));
  });
  useEffect(() => {
    // Who came here by keyboard or screen reader starts at the new page, not where the old link was.
    if (!first.current) document.getElementById('main')?.focus({ preventScroll: true });
    first.current = false;
  }, [key]);
  return (
    <>
      <Header />
      <Warnings />
      <Page key={key} route={r} />
      <Announcer />
      <Dialogs />
    </>
  );
}

function Page({ route: r }: { route: Route }) {
  switch (r.page) {
    case 'board':
      return <Board />;
    case 'alerts':
      return <AlertsPage />;
    case 'customer':
      return <CustomerPage id={r.id} />;
    case 'place':
      return <PlacePage place={r.key} />;
    case 'missing':
      return (
        <main class="page" id="main" tabIndex={-1}>
          <h1>There is no page {r.path}</h1>
          <p>
            <a href="/">Go to the board</a>
          </p>
        </main>
      );
  }
}

function nameOf(r: Route): string {
  switch (r.page) {
    case 'board':
      return 'Board';
    case 'alerts':
      return 'Alerts';
    case 'customer':
      return r.id;
    case 'place':
      return splitPlace(r.key).value;
    case 'missing':
      return 'Not found';
  }
}
