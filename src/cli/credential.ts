import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { list } from './table.ts';

interface Credential {
  readonly name: string;
  readonly role: string;
  readonly created_at?: string;
}

export async function addCredential(
  at: Invocation,
  name: string,
  { role }: { readonly role: string },
): Promise<void> {
  const credential = await withHub(
    at,
    (hub) => hub.post<Credential & { readonly password: string }>('/credentials', { name, role }),
    { create: true },
  );
  at.answer(credential, () => list({ user: credential.name, password: credential.password }));
  at.note('This is the only time the password is shown.');
}

export async function listCredentials(at: Invocation): Promise<void> {
  const answer = await withHub(at, (hub) =>
    hub.get<{ credentials: readonly Credential[] }>('/credentials'),
  );
  at.answer(answer, () =>
    answer.credentials.length === 0
      ? 'There are no credentials.'
      : at.table(
          ['name', 'role', 'created'],
          answer.credentials.map(({ name, role, created_at }) => [name, role, created_at]),
        ),
  );
}

export async function removeCredential(at: Invocation, name: string): Promise<void> {
  await withHub(at, (hub) => hub.delete(`/credentials/${encodeURIComponent(name)}`));
  at.answer({ removed: name }, () => `The credential ${name} is void.`);
}
