import type { AuditPort } from '#auth';
import type { Db } from '#db';
import { HearthError, type Log, Signal } from '#kernel';
import { checkDefinition } from './check-definition.ts';
import type { DeviceTypeChange, NewDeviceType } from './schema.ts';
import { generic, shipped } from './shipped.ts';
import { TypeStore } from './store.ts';
import type { TypeDefinition } from './types.ts';

const mostOwnTypes = 100;
const builtIn: ReadonlyMap<string, TypeDefinition> = new Map(
  shipped.map((definition) => [definition.type, definition]),
);

export interface DefinitionChange {
  readonly change: 'created' | 'updated' | 'removed';
  /** As it is now, or was last. */
  readonly definition: TypeDefinition;
}

/** What each type of device can do and tell: those that come with Hearth, and the owner's own. */
export class Definitions {
  /** A type of the owner's own is new, other or gone; it is on disk. */
  readonly onChange: Signal<DefinitionChange>;
  readonly #store: TypeStore;
  readonly #audit: AuditPort;
  readonly #log: Log;
  readonly #own = new Map<string, TypeDefinition>();
  readonly #controlled = new WeakMap<TypeDefinition, ReadonlySet<string>>();

  constructor({
    db,
    audit,
    log,
  }: { readonly db: Db; readonly audit: AuditPort; readonly log: Log }) {
    this.#store = new TypeStore(db);
    this.#audit = audit;
    this.#log = log;
    this.onChange = new Signal('definitions.onChange', log);
  }

  load(): void {
    for (const { type, json } of this.#store.types()) {
      try {
        this.#own.set(type, JSON.parse(json) as TypeDefinition);
      } catch (error) {
        this.#log.warn({ type, err: error }, 'the saved definition of a type cannot be read');
      }
    }
  }

  /** The definition that applies to a device of this type: the generic one for a word without its own. */
  of(type: string): TypeDefinition {
    return this.#find(type) ?? { ...generic, label: type };
  }

  /** The properties that actions of this type bring about. */
  controlled(type: string): ReadonlySet<string> {
    const definition = this.#find(type) ?? generic;
    let names = this.#controlled.get(definition);
    if (names === undefined) {
      names = new Set(definition.actions.flatMap(({ sets }) => Object.keys(sets ?? {})));
      this.#controlled.set(definition, names);
    }
    return names;
  }

  /** Those that come with Hearth, then the owner's own, by their words. */
  list(): TypeDefinition[] {
    const own = [...this.#own.values()].sort((left, right) => (left.type < right.type ? -1 : 1));
    return [...shipped, ...own];
  }

  /** @throws HearthError `not_found`. */
  get(type: string): TypeDefinition {
    const found = this.#find(type);
    if (found === undefined) throw unknownType(type);
    return found;
  }

  /**
   * Adds a type of the owner's own; devices that carry its word follow it from now on.
   * @throws HearthError `conflict` for a word that is taken, `unprocessable` naming what does not fit.
   */
  add(input: NewDeviceType, actor: string): TypeDefinition {
    if (this.#find(input.type) !== undefined) {
      throw new HearthError('conflict', `there is a device type "${input.type}" already`, {
        field: 'type',
        hint: builtIn.has(input.type) ? 'Choose another word.' : 'Replace it with PUT.',
      });
    }
    if (this.#own.size >= mostOwnTypes) {
      throw new HearthError(
        'unprocessable',
        `a home has at most ${mostOwnTypes} types of its own`,
        {
          hint: 'Remove types that no device has.',
        },
      );
    }
    return this.#put(input.type, input, 'type.create', actor);
  }

  /** Replaces a type of the owner's own. @throws HearthError `not_found`, `conflict`, `unprocessable`. */
  put(type: string, input: DeviceTypeChange, actor: string): TypeDefinition {
    this.#checkOwn(type);
    if (input.type !== undefined && input.type !== type) {
      throw new HearthError('unprocessable', `type is "${input.type}" in the body of "${type}"`, {
        field: 'type',
        hint: 'A type keeps its word: add another and remove this one.',
      });
    }
    return this.#put(type, input, 'type.update', actor);
  }

  /** Removes a type of the owner's own; devices that carry its word are generic again. @throws as `put`. */
  remove(type: string, actor: string): void {
    const definition = this.#checkOwn(type);
    this.#store.atomically(() => {
      this.#store.removeType(type);
      this.#audit.append({ actor, action: 'type.remove', subject: `type:${type}`, outcome: 'ok' });
    });
    this.#own.delete(type);
    this.onChange.emit({ change: 'removed', definition });
  }

  #put(type: string, input: DeviceTypeChange, action: string, actor: string): TypeDefinition {
    // As it will be read back: what was left out is absent, not undefined.
    const { label, actions, metrics, power, retry } = input;
    const json = JSON.stringify({ type, label, actions, metrics, power, retry, built_in: false });
    const definition = JSON.parse(json) as TypeDefinition;
    checkDefinition(definition);
    const detail = { actions: definition.actions.map(({ name }) => name) };
    this.#store.atomically(() => {
      this.#store.putType(type, json);
      this.#audit.append({ actor, action, subject: `type:${type}`, outcome: 'ok', detail });
    });
    const change = this.#own.has(type) ? 'updated' : 'created';
    this.#own.set(type, definition);
    this.onChange.emit({ change, definition });
    return definition;
  }

  #find(type: string): TypeDefinition | undefined {
    return builtIn.get(type) ?? this.#own.get(type);
  }

  #checkOwn(type: string): TypeDefinition {
    const definition = this.get(type);
    if (!definition.built_in) return definition;
    throw new HearthError(
      'conflict',
      `the device type "${type}" comes with Hearth and stays as it is`,
      {
        field: 'type',
        hint: 'Add a type of your own and give it to the device.',
      },
    );
  }
}

export const unknownType = (type: string): HearthError =>
  new HearthError('not_found', `there is no device type "${type.slice(0, 64)}"`, {
    field: 'type',
    hint: 'GET /api/v1/device-types lists them.',
  });
