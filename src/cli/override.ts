import type { StateMap } from '#devices';
import { HearthError } from '#kernel';
import { durationWords } from './ago.ts';
import { minutesOf } from './command.ts';
import { devicePath } from './device.ts';
import { inFlags } from './flag-words.ts';
import { type HomeTime, homeTime } from './home-time.ts';
import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { list } from './table.ts';
import { actionOf, actionWords, stateWords } from './value.ts';

interface Override {
  readonly id: string;
  readonly device_id: string;
  readonly action: string;
  readonly value: unknown;
  readonly status: string;
  readonly started_at: string;
  readonly ends_at: string;
  /** Null while the clock of the hub is behind. */
  readonly remaining_seconds: number | null;
  readonly previous: StateMap | null;
  readonly requested_by: string;
  readonly command_id: string | null;
  readonly ended_because: string | null;
}

interface StartOptions {
  readonly for: string;
  readonly fanSpeed?: string;
}

const overridePath = (device: string): string => `${devicePath(device)}/override`;

/** Has a device do something for a while, and be afterwards what it should be then. */
export async function startOverride(
  at: Invocation,
  device: string,
  action: string | undefined,
  value: string | undefined,
  options: StartOptions,
): Promise<void> {
  const body = {
    ...wordOf(action, value, options),
    durationMinutes: minutesOf(options.for, '--for'),
  };
  const flags = {
    durationMinutes: { flag: '--for', typed: options.for },
    ...(options.fanSpeed !== undefined && {
      fanSpeed: { flag: '--fan-speed' },
      value: { flag: '--fan-speed' },
    }),
  };
  const override = await inFlags(flags, () =>
    withHub(at, (hub) => hub.post<Override>(overridePath(device), body), { running: true }),
  );
  at.answer(override, () => sentence(override, homeTime(at)));
  at.note(`To end it before: hearth override cancel ${device}`);
}

export async function showOverride(at: Invocation, device: string): Promise<void> {
  const override = await withHub(at, (hub) => hub.get<Override>(overridePath(device)));
  const home = homeTime(at);
  at.answer(override, () => {
    const { started_at, requested_by, command_id } = override;
    const facts = { began: home.minute(started_at), by: requested_by, command: command_id };
    return `${sentence(override, home)}\n\n${list(facts)}`;
  });
}

/** Moves the end of the override that runs. */
export async function extendOverride(
  at: Invocation,
  device: string,
  { by }: { readonly by: string },
): Promise<void> {
  const body = { extendMinutes: minutesOf(by, '--by') };
  const override = await inFlags({ extendMinutes: { flag: '--by', typed: by } }, () =>
    withHub(at, (hub) => hub.patch<Override>(overridePath(device), body), { running: true }),
  );
  at.answer(override, () => sentence(override, homeTime(at)));
}

export async function cancelOverride(at: Invocation, device: string): Promise<void> {
  const override = await withHub(at, (hub) => hub.delete<Override>(overridePath(device)), {
    running: true,
  });
  at.answer(
    override,
    () => `The override of ${device} is over. It gets back what should hold now.`,
  );
}

export async function listOverrides(at: Invocation, device: string): Promise<void> {
  const answer = await withHub(at, (hub) =>
    hub.get<{ overrides: readonly Override[] }>(`${devicePath(device)}/overrides`),
  );
  const home = homeTime(at);
  at.answer(answer, () =>
    answer.overrides.length === 0
      ? `${device} was never overridden.`
      : home.below(
          at.table(
            ['started', 'ends', 'what', 'status', 'why', 'by'],
            answer.overrides.map((override) => [
              home.minute(override.started_at),
              home.minute(override.ends_at),
              actionWords(override),
              override.status,
              override.ended_because,
              override.requested_by,
            ]),
          ),
        ),
  );
}

/** What is to be done: an action and its value, or a fan speed. */
function wordOf(
  action: string | undefined,
  value: string | undefined,
  { fanSpeed }: StartOptions,
): Record<string, unknown> {
  if ((action === undefined) === (fanSpeed === undefined)) {
    throw new HearthError('bad_request', 'override start takes an action, or --fan-speed', {
      hint: 'hearth override start bedroom-purifier --fan-speed 5 --for 10m',
    });
  }
  return fanSpeed === undefined ? actionOf(action ?? '', value) : { fanSpeed: speedOf(fanSpeed) };
}

/** Which speeds there are is for the device's type to say. @throws HearthError `bad_request`. */
function speedOf(text: string): number {
  const speed = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(speed)) return speed;
  throw new HearthError('bad_request', `--fan-speed takes a number, not "${text.slice(0, 60)}"`, {
    field: '--fan-speed',
  });
}

function sentence(override: Override, home: HomeTime): string {
  const { device_id, ends_at, remaining_seconds, previous } = override;
  const left =
    remaining_seconds === null
      ? "; how long that is, nobody knows while the hub's clock is behind"
      : `, another ${durationWords(remaining_seconds * 1000)}`;
  const before = previous === null ? '' : ` Before: ${stateWords(previous)}.`;
  return `${device_id}: ${actionWords(override)} until ${home.withZone(ends_at)}${left}.${before}`;
}
