import { useCallback, useEffect, useState } from 'preact/hooks';
import { api } from './api.ts';
import { Home } from './home.tsx';
import { LogInPage } from './pages/log-in.tsx';
import { SetUpPage } from './pages/set-up.tsx';
import { Notice } from './parts/notice.tsx';
import { ProblemNote } from './parts/problem-note.tsx';
import { type Problem, toProblem } from './problem.ts';
import type { Person } from './wire.ts';

type Stage =
  | { readonly at: 'start' }
  | { readonly at: 'set-up' }
  | { readonly at: 'log-in'; readonly home: string }
  | { readonly at: 'home'; readonly person: Person }
  | { readonly at: 'trouble'; readonly problem: Problem };

/** Finds out who is here: nobody has set this hub up, a stranger, or someone signed in. */
async function findStage(): Promise<Stage> {
  try {
    const { needed, home } = await api.setup();
    if (needed) return { at: 'set-up' };
    const person = await personHere();
    return person ? { at: 'home', person } : { at: 'log-in', home };
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
    case 'log-in':
      return <LogInPage home={stage.home} onDone={look} />;
    case 'home':
      return <Home person={stage.person} onSignedOut={look} />;
  }
}
