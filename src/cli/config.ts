import { type Config, describeConfig } from '#config';
import { controlSocketPath } from '#kernel';
import { withHub } from './hub.ts';
import { answers } from './hub-link.ts';
import type { Invocation } from './invocation.ts';

interface Status {
  readonly addresses?: Readonly<Record<string, { readonly port: number } | null | undefined>>;
}

/** Shows every setting as this command line, environment and data directory would have it. */
export async function config(at: Invocation): Promise<void> {
  const current = at.config();
  const settings = describeConfig().map(({ key, environment, fallback, help, secret }) => ({
    key,
    value: secret && current[key] !== undefined ? '(set)' : current[key],
    default: fallback,
    environment,
    help,
  }));
  at.answer(settings, () =>
    at.table(
      ['setting', 'value', 'default', 'environment', 'what'],
      settings.map((setting) => [
        setting.key,
        setting.value,
        setting.default,
        setting.environment,
        setting.help,
      ]),
      ['what'],
    ),
  );
  if (!at.json && (await isRunning(at))) await noteRunning(at, current);
}

/** A hub of another user runs too, though it cannot be asked. */
const isRunning = (at: Invocation): Promise<boolean> =>
  answers(controlSocketPath(at.data)).catch(() => true);

/** What stands above is what a hub started from here would be told, not what the running one was. */
async function noteRunning(at: Invocation, current: Config): Promise<void> {
  at.note(
    'These are the settings of this shell; the running hub may have been started with others.',
  );
  const status = await withHub(at, (hub) => hub.get<Status>('/status'), { running: true }).catch(
    (): Status => ({}),
  );
  for (const line of otherPorts(status, current)) at.note(line);
}

/** Where the running hub listens, as far as that is elsewhere. Port 0 is any port. */
function otherPorts({ addresses = {} }: Status, current: Config): string[] {
  const settings: Readonly<Record<string, unknown>> = current;
  return Object.entries(addresses).flatMap(([name, address]) => {
    const here = settings[`${name}.port`];
    const isSame = address === null || here === address?.port || here === 0 || here === 'any';
    return address === undefined || here === undefined || isSame
      ? []
      : [`The running hub has ${name}.port ${address.port}, not ${here}.`];
  });
}
