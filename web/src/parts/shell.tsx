import type { ComponentChildren } from 'preact';
import { useAction, useObservable } from '../hooks.ts';
import type { Connection } from '../live-state.ts';
import { linkTo, type Route } from '../route.ts';
import { mayManagePeople, useSession } from '../session.ts';
import type { Person } from '../wire.ts';
import { Logo } from './logo.tsx';
import { ProblemNote } from './problem-note.tsx';

/** What stands around every page: skip link, header with the state of the connection, footer. */
export function Shell({ route, children }: { route: Route; children: ComponentChildren }) {
  const { live, person, signOut } = useSession();
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
        <Pages route={route} person={person} />
        <ConnectionState connection={connection} />
        <AccountLink name={person.name} isHere={route.page === 'account'} />
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

interface PageLink {
  readonly to: Route;
  readonly words: string;
  /** The pages that stand below it. */
  readonly holds: readonly Route['page'][];
}

const everyonesPages: readonly PageLink[] = [
  {
    to: { page: 'home' },
    words: 'Devices',
    holds: ['home', 'add', 'let-join', 'known-keys', 'device'],
  },
  {
    to: { page: 'schedules' },
    words: 'Schedules',
    holds: ['schedules', 'schedule', 'new-schedule'],
  },
];

/** Of those who look after the home; the hub refuses the others what these pages ask for. */
const keepersPages: readonly PageLink[] = [
  {
    to: { page: 'history' },
    words: 'History',
    holds: ['history', 'history-export', 'history-delete'],
  },
  { to: { page: 'people' }, words: 'People', holds: ['people', 'person', 'invite'] },
  { to: { page: 'log' }, words: 'Security', holds: ['log', 'tokens', 'certificates'] },
];

function Pages({ route, person }: { route: Route; person: Person }) {
  const pages = mayManagePeople(person) ? [...everyonesPages, ...keepersPages] : everyonesPages;
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

/** Where a phone has no room for the name, the picture and the label say it. */
function AccountLink({ name, isHere }: { name: string; isHere: boolean }) {
  return (
    <a
      class="account-link"
      href={linkTo({ page: 'account' })}
      aria-label={`My account: ${name}`}
      aria-current={isHere ? 'page' : undefined}
    >
      <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
        <path d="M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4.5 20.5a7.5 7.5 0 0 1 15 0" />
      </svg>
      <span>{name}</span>
    </a>
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
      <span>{words[connection]}</span>
    </p>
  );
}
