import { devicePath } from './device.ts';
import { homeTime } from './home-time.ts';
import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { jsonArgument } from './json-argument.ts';
import { printable } from './table.ts';

interface ConfigVersion {
  readonly version: number;
  readonly config: Readonly<Record<string, unknown>>;
  readonly set_at: string;
  readonly set_by: string;
}

interface ConfigState {
  readonly device_id: string;
  readonly desired: ConfigVersion | null;
  readonly reported: { readonly version: number; readonly at: string } | null;
  readonly taken?: { readonly version: number; readonly at: string } | null;
  readonly in_sync: boolean;
  readonly problem?: string | null;
}

const configPath = (device: string): string => `${devicePath(device)}/config`;

export async function showConfig(at: Invocation, device: string): Promise<void> {
  const state = await withHub(at, (hub) => hub.get<ConfigState>(configPath(device)));
  at.answer(state, () => {
    const { desired } = state;
    if (desired === null) return sentence(state);
    return `${sentence(state)}\n\n${printable(JSON.stringify(desired.config))}`;
  });
}

/** Sets the document of a device, from JSON or from a file of it. */
export async function setConfig(at: Invocation, device: string, document: string): Promise<void> {
  const config = await jsonArgument(at, document, 'document');
  const state = await withHub(at, (hub) => hub.put<ConfigState>(configPath(device), { config }));
  at.answer(state, () => sentence(state));
}

export async function listConfigHistory(at: Invocation, device: string): Promise<void> {
  const answer = await withHub(at, (hub) =>
    hub.get<{ versions: readonly ConfigVersion[] }>(`${configPath(device)}/history`),
  );
  const home = homeTime(at);
  at.answer(answer, () =>
    answer.versions.length === 0
      ? `${device} was never configured.`
      : home.below(
          at.table(
            ['version', 'set', 'by', 'config'],
            answer.versions.map(({ version, config, set_at, set_by }) => [
              version,
              home.minute(set_at),
              set_by,
              config,
            ]),
            ['config'],
          ),
        ),
  );
}

function sentence(state: ConfigState): string {
  const { device_id: device, desired, reported, taken, in_sync, problem } = state;
  const has = reported === null ? 'has said nothing of it' : `has version ${reported.version}`;
  if (desired === null) return `${device} is not configured by the hub; it ${has}.`;
  if (in_sync && reported === null && taken != null) {
    return `${device} took version ${taken.version} as a command; it has said nothing of it since.`;
  }
  if (in_sync) return `${device} has version ${desired.version}, as it should.`;
  const why = problem == null ? '' : ` ${printable(problem)}`;
  return `${device} should have version ${desired.version}; it ${has}.${why}`;
}
