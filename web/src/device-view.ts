import { control } from './control-api.ts';
import type { Action, Command, Override, StateMap, TypeDefinition } from './control-wire.ts';
import { type Action as Doing, useAction, useNow, useObservable } from './hooks.ts';
import { runningOverride } from './live-state.ts';
import { useSession } from './session.ts';
import type { Device } from './wire.ts';

/** What the parts that show or control a device go by. */
export interface DeviceView {
  readonly device: Device;
  /** Undefined until the hub has said what its type can do. */
  readonly definition: TypeDefinition | undefined;
  readonly state: StateMap;
  /** Newest first. */
  readonly commands: readonly Command[];
  readonly override: Override | undefined;
  /** By the hub's clock. */
  readonly nowMs: number;
  /** Whether this person may control it, and it takes commands. */
  readonly mayControl: boolean;
}

export function useDeviceView(device: Device, everyMs = 10_000): DeviceView {
  const { live, definitionOf } = useSession();
  const now = useObservable(live.state);
  return {
    device,
    definition: definitionOf(device.type),
    state: now.states.get(device.id) ?? {},
    commands: now.commands.get(device.id) ?? [],
    override: runningOverride(now, device.id),
    nowMs: useNow(everyMs) + now.clockOffsetMs,
    mayControl: (now.controls?.has(device.id) ?? true) && device.state !== 'disabled',
  };
}

/** Sends a command; what becomes of it is told by the live view, and only that changes what is shown. */
export function useSend(deviceId: string): Doing<[Action]> {
  const { live } = useSession();
  return useAction(async (action: Action) => {
    live.catchUp({ commands: [await control.send(deviceId, action)] });
  });
}
