import { join } from 'node:path';
import { confirmed } from './confirm.ts';
import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';

/** Makes a new key and seals every secret of the hub with it. */
export async function rotateSecrets(
  at: Invocation,
  options: { readonly yes?: boolean },
): Promise<void> {
  const question =
    'This makes a new key and seals every secret with it. Backups made before open with the old one alone.';
  if (!(await confirmed(at, question, options))) return at.note('Nothing is changed.');
  const answer = await withHub(at, (hub) =>
    hub.post<{ readonly key_id: string }>('/secrets/rotate'),
  );
  at.answer(answer, () => `Every secret is sealed with the new key ${answer.key_id}.`);
  at.note(`Keep a copy of ${join(at.data, 'hearth.key')} apart from the backups.`);
  at.note('Keep the one before as long as you keep backups that were made with it.');
}
