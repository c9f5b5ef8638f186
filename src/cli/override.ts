import { HearthError } from '#kernel';
import { durationWords } from './ago.ts';
import { minutesOf } from './command.ts';
import { details } from './details.ts';
import { devicePath } from './device.ts';
import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { printable } from './table.ts';
import { actionOf, actionWords } from './value.ts';

interface Override {
  readonly id: string;
  readonly device_id: string;
  readonly action: string;
  readonly value: unknown;
  readonly status: string;
  readonly started_at: string;
  readonly ends_at: string;
  readonly remaining_seconds: number;
  readonly previous: Readonly<Record<string, unknown>> | null;
  readonly requested_by: string;
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
  const override = await withHub(at, (hub) => hub.post<Override>(overridePath(device), body), {
    running: true,
  });
  at.answer(override, () => sentence(override));
  at.note(`To end it before: hearth override cancel ${device}`);
}

export async function showOverride(at: Invocation, device: string): Promise<void> {
  const override = await withHub(at, (hub) => hub.get<Override>(overridePath(device)));
  at.answer(override, () => `${sentence(override)}\n\n${details(at, override)}`);
}

/** Moves the end of the override that runs. */
export async function extendOverride(
  at: Invocation,
  device: string,
  { by }: { readonly by: string },
): Promise<void> {
  const body = { extendMinutes: minutesOf(by, '--by') };
  const override = await withHub(at, (hub) => hub.patch<Override>(overridePath(device), body), {
    running: true,
  });
  at.answer(override, () => sentence(override));
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
  at.answer(answer, () =>
    answer.overrides.length === 0
      ? `${device} was never overridden.`
      : at.table(
          ['started', 'ends', 'what', 'status', 'why', 'by'],
          answer.overrides.map((override) => [
            override.started_at,
            override.ends_at,
            actionWords(override),
            override.status,
            override.ended_because,
            override.requested_by,
          ]),
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

function sentence(override: Override): string {
  const left = durationWords(override.remaining_seconds * 1000);
  const before =
    override.previous === null ? '' : ` Before: ${printable(JSON.stringify(override.previous))}.`;
  const what = actionWords(override);
  return `${override.device_id}: ${what} until ${override.ends_at}, another ${left}.${before}`;
}
