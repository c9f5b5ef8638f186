import { useCallback, useEffect, useState } from 'preact/hooks';
import { api, type Setup } from './api.ts';
import { type Entry, parseEntry } from './entry.ts';
import { Home } from './home.tsx';
import { ForgottenPage } from './pages/forgotten.tsx';
import { JoinPage } from './pages/join.tsx';
import { LogInPage } from './pages/log-in.tsx';
import { ResetPage } from './pages/reset.tsx';
import { SetUpPage } from './pages/set-up.tsx';
import { Notice } from './parts/notice.tsx';
import { ProblemNote } from './parts/problem-note.tsx';
import { type Problem, toProblem } from './problem.ts';
import type { Person } from './wire.ts';

type Stage =
  | { readonly at: 'start' }
  | { readonly at: 'set-up' }
  | { readonly at: 'door'; readonly setup: Setup; readonly person: Person | undefined }
  | { readonly at: 'trouble'; readonly problem: Problem };

/** Finds out who is here: nobody has set this hub up, a stranger, or someone signed in. */
async function findStage(): Promise<Stage> {
  try {
    const setup = await api.setup();
    if (setup.needed) return { at: 'set-up' };
    return { at: 'door', setup, person: await personHere() };
  } catch (thrown) {
    return { at: 'trouble', problem: toProblem(thrown) };
  }
}

async function personHere(): Promise<Person | undefined> {
  try {
    return await api.me();
  } catch (thrown) {
    if (toProblem(thrown).status === 401) return undefined;
    throw thrown;
  }
}

export function App() {
  const [stage, setStage] = useState<Stage>({ at: 'start' });
  const entry = useEntry();
  const look = useCallback(async () => setStage(await findStage()), []);
  useEffect(() => {
    void look();
  }, [look]);

  switch (stage.at) {
    case 'start':
      return <Notice title="Hearth">Looking for your hub…</Notice>;
    case 'trouble':
      return (
        <Notice title="Hearth">
          <ProblemNote problem={stage.problem} />
          <button type="button" class="button" onClick={look}>
            Try again
          </button>
        </Notice>
      );
    case 'set-up':
      return <SetUpPage onDone={look} />;
    case 'door':
      return <Door setup={stage.setup} person={stage.person} entry={entry} look={look} />;
  }
}

/** What a link brought somebody here for goes first; then the dashboard, for whoever is signed in. */
function Door(props: {
  setup: Setup;
  person: Person | undefined;
  entry: Entry;
  look: () => Promise<void>;
}) {
  const { setup, person, entry, look } = props;
  const goIn = async () => {
    // The code is used up: it need not stay in the address.
    history.replaceState(null, '', '#/');
    await look();
    window.dispatchEvent(new HashChangeEvent('hashchange'));
  };
  if (entry.page === 'join') {
    return <JoinPage home={setup.home} {...entry} person={person} onDone={goIn} />;
  }
  if (entry.page === 'reset') return <ResetPage code={entry.code} onDone={look} />;
  if (person) return <Home key={person.id} person={person} onSignedOut={look} />;
  if (entry.page === 'forgotten') return <ForgottenPage hasMail={setup.mail ?? false} />;
  const { problem } = entry;
  return (
    <LogInPage home={setup.home} problem={problem} onDone={problem === undefined ? look : goIn} />
  );
}

function useEntry(): Entry {
  const [entry, setEntry] = useState(() => parseEntry(location.hash));
  useEffect(() => {
    const follow = () => setEntry(parseEntry(location.hash));
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, []);
  return entry;
}
