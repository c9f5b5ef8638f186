import { HearthError } from '#kernel';

interface Named {
  readonly id: string;
  readonly name: string;
}

/**
 * An id that can be read: `Living Room` → `living-room`, `Küche` → `kuche`, with a number when that
 * is taken; `fallback` when the name has no letter or digit that an id could have.
 */
export function readableId(name: string, fallback: string, others: readonly Named[]): string {
  const wanted =
    name
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .slice(0, 40)
      .replace(/^-+|-+$/g, '') || fallback;
  const taken = new Set(others.map(({ id }) => id));
  let id = wanted;
  for (let i = 2; taken.has(id); i++) id = `${wanted}-${i}`;
  return id;
}

/** @throws HearthError `conflict` when another of its `kind` has the name, in small or large letters. */
export function refuseTakenName(kind: string, name: string, others: readonly Named[]): void {
  if (!others.some((other) => other.name.toLowerCase() === name.toLowerCase())) return;
  throw new HearthError('conflict', `there is a ${kind} "${name}" already`, { field: 'name' });
}

/** In the order of their names, as people read them. */
export const byName = (left: Named, right: Named): number => left.name.localeCompare(right.name);

export const unknownGroup = (groupId: string): HearthError =>
  new HearthError('not_found', `there is no group "${groupId.slice(0, 64)}"`, {
    field: 'group_id',
    hint: 'GET /api/v1/groups lists the groups.',
  });

export const unknownScene = (sceneId: string): HearthError =>
  new HearthError('not_found', `there is no scene "${sceneId.slice(0, 64)}"`, {
    field: 'scene_id',
    hint: 'GET /api/v1/scenes lists the scenes.',
  });

export const unknownBatch = (batchId: string): HearthError =>
  new HearthError('not_found', `nothing is kept of a batch "${batchId.slice(0, 64)}"`, {
    field: 'batch_id',
    hint: 'Old commands are forgotten in time.',
  });
