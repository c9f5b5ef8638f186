/** The narrow doors that this slice needs from its neighbours. */

import type { Command, CommandRequest } from '#commands';
import type { ActionValue, StateMap, TypeDefinition } from '#devices';
import type { HearthError } from '#kernel';
import type { OverrideWord } from './types.ts';

export interface DuePort {
  readonly clockIsPlausible: boolean;
  handle(kind: string, action: (key: string, dueAtMs: number) => (() => void) | undefined): void;
  set(kind: string, key: string, dueAtMs: number): void;
  setAfter(kind: string, key: string, delayMs: number): void;
  cancel(kind: string, key: string): void;
  dueAtMs(kind: string, key: string): number | undefined;
}

export interface DevicePort {
  /** @throws HearthError `not_found`. */
  get(deviceId: string): { readonly status?: 'online' | 'offline' };
  list(): readonly { readonly id: string }[];
  exists(deviceId: string): boolean;
  definitionOf(deviceId: string): TypeDefinition;
  reported(deviceId: string): StateMap;
}

export interface GroupPort {
  /** @throws HearthError `not_found`. */
  members(groupId: string): readonly string[];
  exists(groupId: string): boolean;
}

export interface CommandPort {
  /** All in one transaction; each is a command, or why it could not be made. */
  sendAll(requests: readonly CommandRequest[]): (Command | HearthError)[];
  /** @throws HearthError `not_found`. */
  get(commandId: string): Command;
  /** Not answered yet, oldest first. */
  pendingOf(deviceId: string): readonly Command[];
  lastManual(deviceId: string):
    | {
        readonly atMs: number;
        readonly commandId: string;
        readonly action: string;
        readonly value: ActionValue;
      }
    | undefined;
}

/** What overrides a device now, if anything does. */
export type OverrideOf = (deviceId: string) => OverrideWord | undefined;
