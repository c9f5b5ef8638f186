import { HearthError } from '#kernel';
import { minutesOf } from './command.ts';
import { inFlags } from './flag-words.ts';
import { type HomeTime, homeTime } from './home-time.ts';
import { type Hub, withHub } from './hub.ts';
import { interrupted } from './interrupted.ts';
import type { Invocation } from './invocation.ts';

interface OpenedWindow {
  readonly code: string;
  readonly id: string | null;
  readonly expires_at: string;
}

interface WindowState {
  readonly open: boolean;
  readonly expires_at: string | null;
  readonly id: string | null;
  readonly tries_left: number | null;
  /** The device that came in. */
  readonly joined: string | null;
}

interface OpenOptions {
  readonly for: string;
  readonly id?: string;
  readonly watch?: boolean;
}

const longestMinutes = 60;
const lookEveryMs = 1000;

/** Lets one new device in with a code, for a while. */
export async function openJoin(at: Invocation, options: OpenOptions): Promise<void> {
  const { id } = options;
  const minutes = wholeMinutes(options.for);
  const flags = { minutes: { flag: '--for', typed: options.for }, id: { flag: '--id' } };
  await withHub(
    at,
    async (hub) => {
      const before = await hub.get<WindowState>('/join/window');
      const window = await inFlags(flags, () =>
        hub.post<OpenedWindow>('/join/window', { minutes, id }),
      );
      at.answer(window, () => (at.around.output.isTTY ? framed(window.code) : window.code));
      if (before.open)
        at.note('It replaces the code that was open, which lets nobody in any more.');
      const home = homeTime(at);
      const whom = window.id === null ? 'one new device' : window.id;
      at.note(`It lets ${whom} in, until ${home.withZone(window.expires_at)}.`);
      if (options.watch) return watch(at, hub, window, home);
      at.note('To see who came in: hearth join status. To close it before: hearth join close');
    },
    { running: true },
  );
}

export async function showJoin(at: Invocation): Promise<void> {
  const state = await withHub(at, (hub) => hub.get<WindowState>('/join/window'), { running: true });
  at.answer(state, () => stateWords(state, homeTime(at)));
}

export async function closeJoin(at: Invocation): Promise<void> {
  await withHub(at, (hub) => hub.delete('/join/window'), { running: true });
  at.answer({ open: false }, () => 'No window is open any more.');
}

/**
 * Waits until a device came in.
 * @throws HearthError `timed_out` when none did, `conflict` when the window was closed before.
 */
async function watch(at: Invocation, hub: Hub, window: OpenedWindow, home: HomeTime) {
  const stop = interrupted(at.around.signals);
  at.note('Waiting for it. Ctrl-C ends the waiting; the window stays open.');
  try {
    for (;;) {
      const state = await hub.get<WindowState>('/join/window');
      const isOurs = state.expires_at === window.expires_at;
      if (isOurs && state.joined !== null) {
        if (!at.json) at.print(`${state.joined} has come in.`);
        return;
      }
      if (!isOurs || !state.open) throw endedBy(at, window);
      if (stop.signal.aborted) break;
      await pause(at, stop.signal);
    }
    const until = home.withZone(window.expires_at);
    at.note(`The window stays open until ${until}. To close it: hearth join close`);
  } finally {
    stop.forget();
  }
}

function endedBy(at: Invocation, window: OpenedWindow): HearthError {
  const isOver = at.around.clock.nowMs() >= Date.parse(window.expires_at);
  return isOver
    ? new HearthError('timed_out', 'no device came in', { hint: 'hearth alerts may say why.' })
    : new HearthError('conflict', 'the window was closed before a device came in', {
        hint: 'hearth audit list --action join says by what.',
      });
}

function stateWords(state: WindowState, home: HomeTime): string {
  const { open, joined, id, tries_left } = state;
  const until = home.withZone(state.expires_at);
  if (joined !== null) return `${joined} has come in; its window lets in no other.`;
  if (!open) return 'No window is open: hearth join open.';
  const whom = id === null ? 'one new device' : id;
  const tries = tries_left === 1 ? '1 wrong code closes it' : `${tries_left} wrong codes close it`;
  return `A window is open for ${whom} until ${until}; ${tries}.`;
}

/** Until it is time to look again, or the signal. */
const pause = (at: Invocation, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = at.around.clock.after(lookEveryMs, done);
    signal.addEventListener('abort', done);
  });

/** @throws HearthError `bad_request`. */
function wholeMinutes(text: string): number {
  const minutes = minutesOf(text, '--for');
  if (Number.isInteger(minutes) && minutes <= longestMinutes) return minutes;
  throw new HearthError('bad_request', `--for is ${text}: it takes whole minutes, 1m to 60m`, {
    field: '--for',
  });
}

/** A code that is read from across the room, by whoever types it into a device. */
function framed(code: string): string {
  const letters = [...code.toUpperCase()].join(' ');
  const line = '─'.repeat(letters.length + 6);
  return `\n  ┌${line}┐\n  │   ${letters}   │\n  └${line}┘\n`;
}
