import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { api } from './api.ts';
import { useCatchUp } from './catch-up.ts';
import { control } from './control-api.ts';
import type { TypeDefinition } from './control-wire.ts';
import { useFresh, useObservable } from './hooks.ts';
import { Live } from './live.ts';
import { AccountPage } from './pages/account.tsx';
import { AddDevicePage } from './pages/add-device.tsx';
import { CertificatesPage } from './pages/certificates.tsx';
import { DevicePage } from './pages/device.tsx';
import { DevicesPage } from './pages/devices.tsx';
import { HistoryPage } from './pages/history.tsx';
import { HistoryDeletePage } from './pages/history-delete.tsx';
import { HistoryExportPage } from './pages/history-export.tsx';
import { InvitePage } from './pages/invite.tsx';
import { KnownKeysPage } from './pages/known-keys.tsx';
import { LetJoinPage } from './pages/let-join.tsx';
import { LogPage } from './pages/log.tsx';
import { PeoplePage } from './pages/people.tsx';
import { PersonPage } from './pages/person.tsx';
import { SchedulePage } from './pages/schedule.tsx';
import { SchedulesPage } from './pages/schedules.tsx';
import { TokensPage } from './pages/tokens.tsx';
import { Shell } from './parts/shell.tsx';
import { toProblem } from './problem.ts';
import { parseRoute, type Route } from './route.ts';
import { SessionContext } from './session.ts';
import type { Person } from './wire.ts';

/** The dashboard of a person who is signed in: the live connection, and the page they are on. */
export function Home(props: { person: Person; onSignedOut: () => Promise<void> }) {
  const { person, onSignedOut } = props;
  const live = useLive(onSignedOut);
  const route = useRoute();
  useCatchUp(live);
  // What is shared with a guest may bring another room; a welcome says so.
  const { welcomes } = useObservable(live.state);
  const [rooms, reloadRooms] = useFresh(api.rooms, 'rooms', welcomes);
  const definitionOf = useDefinitions(live);
  const session = useMemo(() => {
    const known = rooms.state === 'loaded' ? rooms.value : [];
    return {
      person,
      live,
      rooms: [...known].sort((a, b) => a.order - b.order || a.name.localeCompare(b.name)),
      reloadRooms,
      // Looking again is what finds out that one is signed out, too.
      reloadPerson: onSignedOut,
      definitionOf,
      signOut: async () => {
        await api.logOut();
        await onSignedOut();
      },
    };
  }, [person, live, rooms, reloadRooms, definitionOf, onSignedOut]);

  return (
    <SessionContext.Provider value={session}>
      <Shell route={route}>
        <CurrentPage route={route} />
      </Shell>
    </SessionContext.Provider>
  );
}

function CurrentPage({ route }: { route: Route }) {
  switch (route.page) {
    case 'home':
      return <DevicesPage />;
    case 'add':
      return <AddDevicePage />;
    case 'let-join':
      return <LetJoinPage />;
    case 'known-keys':
      return <KnownKeysPage />;
    case 'device':
      return <DevicePage key={route.id} id={route.id} />;
    case 'schedules':
      return <SchedulesPage />;
    case 'new-schedule':
      return <SchedulePage key={route.device} device={route.device} />;
    case 'schedule':
      return <SchedulePage key={route.id} id={route.id} />;
    case 'people':
      return <PeoplePage />;
    case 'invite':
      return <InvitePage />;
    case 'person':
      return <PersonPage key={route.id} id={route.id} />;
    case 'history':
      return <HistoryPage />;
    case 'history-export':
      return <HistoryExportPage key={route.device} device={route.device} />;
    case 'history-delete':
      return <HistoryDeletePage key={route.device} device={route.device} />;
    case 'log':
      return <LogPage />;
    case 'tokens':
      return <TokensPage />;
    case 'certificates':
      return <CertificatesPage />;
    case 'account':
      return <AccountPage problem={route.problem} />;
  }
}

/** The types of devices; a word that has no definition of its own is generic, as it is to the hub. */
function useDefinitions(live: Live): (type: string) => TypeDefinition | undefined {
  const { welcomes } = useObservable(live.state);
  const [types] = useFresh(control.types, 'types', welcomes);
  const known = types.state === 'loaded' ? types.value : undefined;
  return useCallback(
    (type: string) =>
      known?.find((definition) => definition.type === type) ??
      known?.find((definition) => definition.type === 'generic'),
    [known],
  );
}

/** The live connection for as long as the dashboard is on the screen. */
function useLive(onSignedOut: () => void): Live {
  const live = useMemo(
    () =>
      new Live({
        url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`,
        signedIn,
        onSignedOut,
      }),
    [onSignedOut],
  );
  const wake = useCallback(() => {
    if (document.visibilityState === 'visible') live.wake();
  }, [live]);
  useEffect(() => {
    live.start();
    document.addEventListener('visibilitychange', wake);
    window.addEventListener('online', wake);
    return () => {
      document.removeEventListener('visibilitychange', wake);
      window.removeEventListener('online', wake);
      live.stop();
    };
  }, [live, wake]);
  return live;
}

/** Only a clear "no" signs a person out: a hub that does not answer is restarting. */
async function signedIn(): Promise<boolean> {
  try {
    await api.me();
    return true;
  } catch (thrown) {
    return toProblem(thrown).status !== 401;
  }
}

function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const follow = () => {
      setRoute(parseRoute(location.hash));
      window.scrollTo(0, 0);
    };
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, []);
  useFocusOnHeading(route);
  return route;
}

/** After a move to another page the focus is on its heading; on the first page the browser decides. */
function useFocusOnHeading(route: Route): void {
  const before = useRef(route);
  useEffect(() => {
    if (before.current === route) return;
    before.current = route;
    document.querySelector<HTMLElement>('#main h1')?.focus({ preventScroll: true });
  }, [route]);
}
