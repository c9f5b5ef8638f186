import type { Command, CommandRequest, WaitUntil } from '#commands';
import type { ActionValue, TypeDefinition } from '#devices';
import type { HearthError } from '#kernel';

/** A named set of devices, as JSON. Times are ISO 8601 UTC. */
export interface Group {
  readonly id: string;
  readonly name: string;
  /** Ids, each once, in the order their owner likes. */
  readonly devices: readonly string[];
  readonly created_at: string;
  readonly updated_at: string;
}

/** One line of a scene: for one device, or for everyone in a group; the other is null. */
export interface SceneCommand {
  readonly device_id: string | null;
  readonly group_id: string | null;
  readonly action: string;
  readonly value: ActionValue;
}

/** A named list of commands that are run together, as JSON. Times are ISO 8601 UTC. */
export interface Scene {
  readonly id: string;
  readonly name: string;
  readonly commands: readonly SceneCommand[];
  readonly created_at: string;
  readonly updated_at: string;
}

/** A device that a command could not even be queued for, and why; `code` is a HearthError's. */
export interface Refusal {
  readonly device_id: string;
  readonly code: string;
  readonly message: string;
}

export const combinedStatuses = ['pending', 'done', 'partly', 'failed'] as const;
export type CombinedStatus = (typeof combinedStatuses)[number];

/** What became of commands that were asked for together, as JSON. */
export interface Run {
  readonly batch_id: string;
  readonly status: CombinedStatus;
  readonly commands: readonly Command[];
  readonly refused: readonly Refusal[];
}

export type Change = 'created' | 'updated' | 'removed';
/** How the audit calls a change. */
export const verbOf: Readonly<Record<Change, string>> = {
  created: 'create',
  updated: 'update',
  removed: 'remove',
};
export interface GroupChange {
  readonly change: Change;
  readonly groupId: string;
  /** As it is now, or was last. */
  readonly group: Group;
}
export interface SceneChange {
  readonly change: Change;
  readonly sceneId: string;
  readonly scene: Scene;
}

/** Who asks, and from where: an address, `control socket`, or empty. */
export interface Requester {
  readonly actor: string;
  readonly origin?: string | undefined;
}

/** What this slice needs of the devices. */
export interface DevicePort {
  exists(deviceId: string): boolean;
  definitionOf(deviceId: string): TypeDefinition;
}

/** What this slice needs of the commands. */
export interface CommandPort {
  /** Writes all of them down together, then sends them: a command each, or why it was refused. */
  sendAll(requests: readonly CommandRequest[]): readonly (Command | HearthError)[];
  /** The command once it is over, or as it is after that long. */
  settled(commandId: string, withinMs: number, until?: WaitUntil): Promise<Command>;
  /** The commands that carry this batch's id, oldest first. */
  ofBatch(batchId: string): readonly Command[];
}
