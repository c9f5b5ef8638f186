import { join } from 'node:path';
import { strangeVariables } from '#config';
import { type Clock, createLog, HearthError } from '#kernel';
import { LogRing } from '#ops';
import { DashboardBuild } from './dashboard-build.ts';
import { interrupted } from './interrupted.ts';
import type { Invocation } from './invocation.ts';
import { banner, lanAddress, welcome } from './welcome.ts';

interface StartOptions {
  readonly set: readonly string[];
  readonly build: boolean;
}

const root = join(import.meta.dirname, '../..');
/** What a stop may take: systemd and people lose patience soon after. */
const stopWithinMs = 5000;
/** As a shell reports a process that a signal ended: 128 + SIGINT. */
const endedBySignal = 130;

/** Runs the hub until it is told to end. A second signal does not wait for an orderly stop. */
export async function start(at: Invocation, options: StartOptions): Promise<void> {
  const { around } = at;
  const config = at.config(readSettings(options.set));
  for (const { name, meant } of strangeVariables(around.environment)) {
    at.note(`${name} is no setting. Did you mean ${meant}?`);
  }
  const logs = new LogRing();
  const log = await createLog({
    level: config['log.level'],
    pretty: config['log.pretty'],
    destination: around.errors,
    copy: logs,
  });
  const stop = interrupted(around.signals, () => around.exit(endedBySignal));
  const build = new DashboardBuild({ root, log, clock: around.clock });
  try {
    const hub = await around.openHub({ config, log, logs });
    const said = welcome({
      data: at.data,
      ports: hub.addresses,
      lanAddress: lanAddress(),
      setupCode: hub.setupCode(),
      caFingerprint: hub.caFingerprint,
    });
    at.answer(said, () => banner(said));
    if (options.build && config['dashboard.build']) void build.start();

    await aborted(stop.signal);
    await within(around.clock, hub.stop());
    at.note('Hearth has stopped.');
  } finally {
    build.stop();
    stop.forget();
  }
}

/** `--set http.port=80` and its like. Which settings there are, and what they take, is config's to say. */
function readSettings(pairs: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      if (pair.startsWith('data=')) throw elsewhere();
      if (equals > 0) return [pair.slice(0, equals), pair.slice(equals + 1)];
      throw new HearthError('bad_request', `--set takes key=value, not "${pair}"`, {
        field: '--set',
        hint: 'hearth config lists every setting.',
      });
    }),
  );
}

const elsewhere = (): HearthError =>
  new HearthError('bad_request', '--set does not take the data directory', {
    field: '--set',
    hint: 'Say it with --data DIR.',
  });

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

async function within(clock: Clock, stopped: Promise<void>): Promise<void> {
  let cancel = () => {};
  const tooLong = new Promise<never>((_, reject) => {
    cancel = clock.after(stopWithinMs, () =>
      reject(
        new HearthError('timed_out', 'the hub did not stop within 5 s', {
          hint: 'It is ended now; the journal makes up for it at the next start.',
        }),
      ),
    );
  });
  await Promise.race([stopped, tooLong]).finally(() => cancel());
}
