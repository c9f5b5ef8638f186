import type { ComponentChildren } from 'preact';
import { useAction, useObservable } from '../hooks.ts';
import type { Connection } from '../live-state.ts';
import { linkTo, type Route } from '../route.ts';
import { useSession } from '../session.ts';
import { Logo } from './logo.tsx';
import { ProblemNote } from './problem-note.tsx';

/** What stands around every page: skip link, header with the state of the connection, footer. */
export function Shell({ route, children }: { route: Route; children: ComponentChildren }) {
  const { live, signOut } = useSession();
  const { connection } = useObservable(live.state);
  const leaving = useAction(signOut);
  return (
    <div class="shell">
      <button type="button" class="button button-main skip" onClick={skipToMain}>
        Skip to the content
      </button>
      <header class="topbar">
        <a class="brand" href={linkTo({ page: 'home' })}>
          <Logo size={30} />
          <span>Hearth</span>
        </a>
        <Pages route={route} />
        <ConnectionState connection={connection} />
        <button type="button" class="button button-quiet" onClick={() => leaving.run()}>
          Sign out
        </button>
      </header>
      <main id="main" tabIndex={-1}>
        <ProblemNote problem={leaving.problem} />
        {children}
      </main>
      <footer class="footer">
        <p>Runs in this home and needs no internet.</p>
        <nav aria-label="More">
          <a href="/docs">API</a>
          <a href="/trust">Trust this hub</a>
        </nav>
      </footer>
    </div>
  );
}

const pages = [
  { to: { page: 'home' }, words: 'Devices', holds: ['home', 'add', 'device'] },
  {
    to: { page: 'schedules' },
    words: 'Schedules',
    holds: ['schedules', 'schedule', 'new-schedule'],
  },
] as const satisfies readonly { to: Route; words: string; holds: readonly Route['page'][] }[];

function Pages({ route }: { route: Route }) {
  return (
    <nav class="pages" aria-label="Pages">
      {pages.map(({ to, words, holds }) => {
        const isHere = holds.some((page) => page === route.page);
        return (
          <a key={to.page} href={linkTo(to)} aria-current={isHere ? 'page' : undefined}>
            {words}
          </a>
        );
      })}
    </nav>
  );
}

/** A button and no link: the fragment of the address belongs to the pages. */
function skipToMain(): void {
  document.getElementById('main')?.focus();
}

const words: Readonly<Record<Connection, string>> = {
  connecting: 'Connecting…',
  live: 'Live',
  reconnecting: 'Reconnecting…',
};

function ConnectionState({ connection }: { connection: Connection }) {
  return (
    <p class={`connection connection-${connection}`} role="status" aria-live="polite">
      <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
        {connection === 'live' ? (
          <circle cx="6" cy="6" r="4.5" />
        ) : (
          <path d="M10.5 6A4.5 4.5 0 1 1 6 1.5" />
        )}
      </svg>
      {words[connection]}
    </p>
  );
}
