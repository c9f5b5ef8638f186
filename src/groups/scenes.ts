import type { Audit } from '#audit';
import type { Db } from '#db';
import { type Clock, HearthError, type Log, Signal } from '#kernel';
import { checkSceneCommands } from './check.ts';
import { byName, readableId, refuseTakenName, unknownScene } from './names.ts';
import type { Runs, RunWishes } from './runs.ts';
import type { NewScene, SceneChanges } from './schema.ts';
import type { GroupStore } from './store.ts';
import {
  type Change,
  type DevicePort,
  type Requester,
  type Run,
  type Scene,
  type SceneChange,
  verbOf,
} from './types.ts';

interface ScenesOptions {
  readonly db: Db;
  readonly store: GroupStore;
  readonly audit: Pick<Audit, 'append'>;
  readonly devices: DevicePort;
  readonly groups: {
    exists(groupId: string): boolean;
    members(groupId: string): readonly string[];
  };
  readonly runs: Runs;
  readonly clock: Clock;
  readonly log: Log;
}

const mostScenes = 200;

/** Named lists of commands that are run together. */
export class Scenes {
  readonly onChange: Signal<SceneChange>;
  readonly #options: ScenesOptions;
  /** Read at the first use; after that every change is on disk before it shows here. */
  #scenes: Map<string, Scene> | undefined;

  constructor(options: ScenesOptions) {
    this.#options = options;
    this.onChange = new Signal('scenes.onChange', options.log);
  }

  /** Every scene, by name. */
  list(): Scene[] {
    return [...this.#all.values()].sort(byName);
  }

  /** @throws HearthError `not_found`. */
  get(sceneId: string): Scene {
    const scene = this.#all.get(sceneId);
    if (scene === undefined) throw unknownScene(sceneId);
    return scene;
  }

  /**
   * Makes a scene; its id is its name in plain letters.
   * @throws HearthError `conflict` on a name that is taken, `unprocessable` for a command that a
   * device of it cannot do.
   */
  create(input: NewScene, requester: Requester): Scene {
    const others = this.list();
    refuseTakenName('scene', input.name, others);
    if (others.length >= mostScenes) {
      throw new HearthError('unprocessable', `a home has at most ${mostScenes} scenes`, {
        hint: 'Remove scenes that nobody uses.',
      });
    }
    const now = this.#now();
    const scene: Scene = {
      id: readableId(input.name, 'scene', others),
      name: input.name,
      commands: checkSceneCommands(input.commands, this.#options),
      created_at: now,
      updated_at: now,
    };
    this.#write('created', scene, requester);
    return scene;
  }

  /** @throws HearthError `not_found`, and what {@link create} throws. */
  update(sceneId: string, changes: SceneChanges, requester: Requester): Scene {
    const before = this.get(sceneId);
    const name = changes.name ?? before.name;
    refuseTakenName(
      'scene',
      name,
      this.list().filter(({ id }) => id !== sceneId),
    );
    const commands =
      changes.commands === undefined
        ? before.commands
        : checkSceneCommands(changes.commands, this.#options);
    const scene: Scene = { ...before, name, commands, updated_at: this.#now() };
    this.#write('updated', scene, requester);
    return scene;
  }

  /** @throws HearthError `not_found`. */
  remove(sceneId: string, requester: Requester): void {
    this.#write('removed', this.get(sceneId), requester);
  }

  /**
   * Runs a scene: of commands for the same device and property the last one is sent. What a device
   * can do is asked again: its type may have changed since, and other devices may be in a group.
   * @throws HearthError `not_found`, `conflict` when there is no device that it would reach.
   */
  run(sceneId: string, requester: Requester, wishes: RunWishes = {}): Run {
    const { id, commands } = this.get(sceneId);
    return this.#options.runs.run({
      ...wishes,
      subject: `scene:${id}`,
      source: 'scene',
      auditAction: 'scene.run',
      commands,
      requester,
    });
  }

  /** Why a group must stay: the scenes that name it; undefined when none does. */
  reasonToKeep(groupId: string): string | undefined {
    const names = this.list()
      .filter(({ commands }) => commands.some(({ group_id }) => group_id === groupId))
      .map(({ name }) => `"${name}"`);
    if (names.length === 0) return undefined;
    const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
    return `${names.length === 1 ? 'scene' : 'scenes'} ${names.slice(0, 5).join(', ')}${more}`;
  }

  /** A device is gone for good, and so are its commands (ON DELETE CASCADE). */
  forget(deviceId: string): void {
    for (const scene of this.list()) {
      const commands = scene.commands.filter(({ device_id }) => device_id !== deviceId);
      if (commands.length < scene.commands.length) this.#show('updated', { ...scene, commands });
    }
  }

  get #all(): Map<string, Scene> {
    this.#scenes ??= new Map(this.#options.store.scenes().map((scene) => [scene.id, scene]));
    return this.#scenes;
  }

  #write(change: Change, scene: Scene, { actor, origin = '' }: Requester): void {
    const { db, store, audit } = this.#options;
    db.transaction(() => {
      if (change === 'removed') store.removeScene(scene.id);
      else store.putScene(scene);
      audit.append({
        actor,
        action: `scene.${verbOf[change]}`,
        subject: `scene:${scene.id}`,
        outcome: 'ok',
        origin,
        // Not the commands: what setConfig carries may be secret.
        detail: { name: scene.name, commands: scene.commands.length },
      });
    })();
    this.#show(change, scene);
  }

  #show(change: Change, scene: Scene): void {
    if (change === 'removed') this.#all.delete(scene.id);
    else this.#all.set(scene.id, scene);
    this.onChange.emit({ change, sceneId: scene.id, scene });
  }

  #now(): string {
    return new Date(this.#options.clock.nowMs()).toISOString();
  }
}
