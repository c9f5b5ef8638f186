import { type ActionValue, checkAction, type TypeDefinition } from '#devices';
import { HearthError, isHearthError } from '#kernel';
import type { Refusal, SceneCommand } from './types.ts';

/** One thing that a run does: an action of one device. */
export interface Step {
  /** The place of the scene's command that it comes from, counted from 0. */
  readonly index: number;
  readonly deviceId: string;
  readonly action: string;
  readonly value: ActionValue;
}

export interface Plan {
  readonly steps: readonly Step[];
  readonly refused: readonly Refusal[];
}

/** Where a plan finds out what is there now. */
export interface Surroundings {
  members(groupId: string): readonly string[];
  definitionOf(deviceId: string): TypeDefinition;
}

/** What one run may ask of devices at most, each command of a group counted for each of its devices. */
export const mostSteps = 500;

/**
 * What running these commands asks of which device, in their order, and which devices' types know
 * no such action or value. Of commands for the same device and property the last one counts.
 * @throws HearthError `unprocessable` when it is more than {@link mostSteps}.
 */
export function planOf(commands: readonly SceneCommand[], surroundings: Surroundings): Plan {
  const steps: Step[] = [];
  const refused: Refusal[] = [];
  for (const wanted of expand(commands, surroundings)) {
    try {
      const { deviceId, action, value } = wanted;
      const checked = checkAction(surroundings.definitionOf(deviceId), { action, value });
      steps.push({ ...wanted, action: checked.action, value: checked.value ?? null });
    } catch (error) {
      refused.push(refusalOf(wanted.deviceId, error));
    }
  }
  return { steps: lastWord(steps, surroundings), refused };
}

/**
 * The commands with each group replaced by its devices.
 * @throws HearthError `unprocessable` when it is more than {@link mostSteps}.
 */
export function expand(
  commands: readonly SceneCommand[],
  groups: Pick<Surroundings, 'members'>,
): Step[] {
  const steps = commands.flatMap(({ device_id, group_id, action, value }, index) => {
    const deviceIds =
      device_id !== null ? [device_id] : group_id !== null ? groups.members(group_id) : [];
    return deviceIds.map((deviceId) => ({ index, deviceId, action, value }));
  });
  if (steps.length > mostSteps) {
    throw new HearthError('unprocessable', `these are ${steps.length} commands at once`, {
      field: 'commands',
      hint: `One run sends at most ${mostSteps}; make two scenes, or smaller groups.`,
    });
  }
  return steps;
}

/**
 * Leaves out each step all of whose properties a later step sets again. One that sets nothing that
 * we know of (`setConfig`) stays.
 */
function lastWord(steps: readonly Step[], devices: Pick<Surroundings, 'definitionOf'>): Step[] {
  const setLater = new Set<string>();
  const kept = steps.toReversed().filter(({ deviceId, action }) => {
    const keys = propertiesOf(devices.definitionOf(deviceId), action).map(
      (name) => `${deviceId} ${name}`,
    );
    const isOverruled = keys.length > 0 && keys.every((key) => setLater.has(key));
    for (const key of keys) setLater.add(key);
    return !isOverruled;
  });
  return kept.reverse();
}

function propertiesOf({ actions }: TypeDefinition, action: string): string[] {
  const definition = actions.find(({ name }) => name === action);
  const toggled = definition?.toggles === undefined ? [] : [definition.toggles];
  return [...toggled, ...Object.keys(definition?.sets ?? {})];
}

const longestMessage = 200;

/** What an error of one device is in the combined result. @throws the error when it is a bug. */
export function refusalOf(deviceId: string, error: unknown): Refusal {
  if (!isHearthError(error)) throw error;
  const { code, message } = error;
  return { device_id: deviceId, code, message: message.slice(0, longestMessage) };
}
