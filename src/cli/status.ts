import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { list } from './table.ts';

/** Shows what the hub says of itself, one fact a line. */
export async function status(at: Invocation): Promise<void> {
  const answer = await withHub(at, async (hub) => ({
    running: hub.live,
    data: at.data,
    ...(await hub.get<Record<string, unknown>>('/status')),
  }));
  at.answer(answer, () => list(flat(answer)));
}

/** `{ a: { b: 1 } }` as `{ 'a.b': 1 }`; lists stay as they are. */
function flat(value: object, prefix = ''): Record<string, unknown> {
  const entries = Object.entries(value).flatMap(([name, inner]): [string, unknown][] => {
    const isGroup = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
    return isGroup ? Object.entries(flat(inner, `${prefix}${name}.`)) : [[prefix + name, inner]];
  });
  return Object.fromEntries(entries);
}
