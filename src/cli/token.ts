import { HearthError } from '#kernel';
import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';

interface CreateOptions {
  readonly name: string;
  readonly role: string;
  readonly expiresIn?: string;
}

interface Token {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly created_at?: string;
  readonly expires_at?: string | null;
  readonly last_used_at?: string | null;
  readonly revoked_at?: string | null;
}

export async function createToken(at: Invocation, options: CreateOptions): Promise<void> {
  const token = await withHub(
    at,
    (hub) => hub.post<Token & { readonly token: string }>('/tokens', options),
    { create: true },
  );
  at.answer(token, () => token.token);
  at.note(`This is the only time it is shown. To void it: hearth token revoke ${token.id}`);
}

export async function listTokens(at: Invocation): Promise<void> {
  const answer = await withHub(at, (hub) => hub.get<{ tokens: readonly Token[] }>('/tokens'));
  at.answer(answer, () =>
    answer.tokens.length === 0
      ? 'There are no tokens.'
      : at.table(
          ['id', 'name', 'role', 'created', 'expires', 'last used', 'revoked'],
          answer.tokens.map((token) => [
            token.id,
            token.name,
            token.role,
            token.created_at,
            token.expires_at,
            token.last_used_at,
            token.revoked_at,
          ]),
          ['name'],
        ),
  );
}

/** Takes an id, or a name that only one token still in force has. */
export async function revokeToken(at: Invocation, idOrName: string): Promise<void> {
  const token = await withHub(at, async (hub) => {
    const { tokens } = await hub.get<{ tokens: readonly Token[] }>('/tokens');
    const byName = tokens.filter(({ name, revoked_at }) => name === idOrName && !revoked_at);
    const found = tokens.find(({ id }) => id === idOrName) ?? byName[0];
    if (found === undefined) {
      throw new HearthError('not_found', `there is no token "${idOrName}"`, {
        hint: 'hearth token list shows them.',
      });
    }
    if (found.id !== idOrName && byName.length > 1) {
      throw new HearthError('conflict', `${byName.length} tokens are named "${idOrName}"`, {
        hint: `Give an id: ${byName.map(({ id }) => id).join(', ')}.`,
      });
    }
    await hub.delete(`/tokens/${encodeURIComponent(found.id)}`);
    return found;
  });
  at.answer({ revoked: token.id }, () => `The token ${token.name} is void.`);
}
