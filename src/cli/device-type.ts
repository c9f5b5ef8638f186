import { HearthError } from '#kernel';
import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { jsonArgument } from './json-argument.ts';
import { list } from './table.ts';

interface ValueRange {
  readonly type: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly options?: readonly string[];
}

interface DeviceType {
  readonly type: string;
  readonly label: string;
  readonly actions: readonly {
    readonly name: string;
    readonly label: string;
    readonly value?: ValueRange;
    readonly sets?: Readonly<Record<string, unknown>>;
  }[];
  readonly metrics: readonly {
    readonly name: string;
    readonly label: string;
    readonly unit: string;
  }[];
  readonly retry: { readonly attempts: number; readonly interval_seconds: number };
  readonly built_in: boolean;
}

export async function listTypes(at: Invocation): Promise<void> {
  const answer = await withHub(at, (hub) =>
    hub.get<{ device_types: readonly DeviceType[] }>('/device-types'),
  );
  at.answer(answer, () =>
    at.table(
      ['type', 'label', 'actions', 'built in'],
      answer.device_types.map(({ type, label, actions, built_in }) => [
        type,
        label,
        actions.map(({ name }) => name),
        built_in ? 'yes' : 'no',
      ]),
      ['label', 'actions'],
    ),
  );
}

export async function showType(at: Invocation, type: string): Promise<void> {
  const answer = await withHub(at, (hub) => hub.get<DeviceType>(typePath(type)));
  at.answer(answer, () => {
    const { label, retry, built_in, actions, metrics } = answer;
    const facts = {
      type: answer.type,
      label,
      'built in': built_in ? 'yes' : 'no',
      tries: `${retry.attempts}, ${retry.interval_seconds} s apart`,
    };
    const parts = [list(facts)];
    if (actions.length > 0) {
      const rows = actions.map(({ name, label, value, sets }) => [
        name,
        label,
        rangeOf(value),
        sets,
      ]);
      parts.push(at.table(['action', 'label', 'value', 'sets'], rows, ['label']));
    }
    if (metrics.length > 0) {
      const rows = metrics.map(({ name, label, unit }) => [name, label, unit]);
      parts.push(at.table(['metric', 'label', 'unit'], rows, ['label']));
    }
    return parts.join('\n\n');
  });
}

/** Adds a type from a file of JSON, or puts it in the place of the one of that name. */
export async function addType(
  at: Invocation,
  file: string,
  { replace }: { readonly replace?: boolean },
): Promise<void> {
  // A type that was shown may be changed and added: whether it came with Hearth, the hub says.
  const { type, built_in: _, ...rest } = await jsonArgument(at, file, 'file');
  if (typeof type !== 'string') {
    throw new HearthError('unprocessable', 'the type has no name', {
      field: 'type',
      hint: 'hearth type show plug --json shows what one looks like.',
    });
  }
  const added = await withHub(at, (hub) =>
    replace
      ? hub.put<DeviceType>(typePath(type), rest)
      : hub.post<DeviceType>('/device-types', { type, ...rest }),
  );
  const done = replace ? 'replaced' : 'added';
  at.answer(added, () => `The type ${added.type} is ${done}: ${added.actions.length} actions.`);
}

export async function removeType(at: Invocation, type: string): Promise<void> {
  await withHub(at, (hub) => hub.delete(typePath(type)));
  at.answer({ removed: type }, () => `The type ${type} is removed; devices of it are generic.`);
}

/** `0 to 5`, `eco, auto`: what a value may be. */
function rangeOf(range: ValueRange | undefined): string {
  if (range === undefined) return '';
  if (range.options) return range.options.join(', ');
  return range.minimum === undefined ? range.type : `${range.minimum} to ${range.maximum}`;
}

const typePath = (type: string): string => `/device-types/${encodeURIComponent(type)}`;
