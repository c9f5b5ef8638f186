import { HearthError } from '#kernel';
import { ago } from './ago.ts';
import { inFlags } from './flag-words.ts';
import { homeTime } from './home-time.ts';
import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';

interface CreateOptions {
  readonly name: string;
  readonly role: string;
  readonly expiresIn?: string;
  readonly scope?: readonly string[];
}

interface Token {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  /** Null for all that the role may. */
  readonly scopes?: readonly string[] | null;
  readonly created_at?: string;
  readonly expires_at?: string | null;
  readonly last_used_at?: string | null;
  readonly revoked_at?: string | null;
}

/** Makes a token; of what its role may, only the scopes where there are any. */
export async function createToken(
  at: Invocation,
  { scope = [], ...options }: CreateOptions,
): Promise<void> {
  const body = { ...options, ...(scope.length > 0 && { scopes: scope }) };
  const flags = {
    role: { flag: '--role' },
    scopes: { flag: '--scope' },
    ...Object.fromEntries(scope.map((_, index) => [`scopes.${index}`, { flag: '--scope' }])),
  };
  const token = await inFlags(flags, () =>
    withHub(at, (hub) => hub.post<Token & { readonly token: string }>('/tokens', body), {
      create: true,
    }),
  );
  at.answer(token, () => token.token);
  at.note(`It may: ${token.scopes?.join(', ') ?? `all that the role ${token.role} may`}.`);
  at.note(`This is the only time it is shown. To void it: hearth token revoke ${token.id}`);
}

export async function listTokens(at: Invocation): Promise<void> {
  const answer = await withHub(at, (hub) => hub.get<{ tokens: readonly Token[] }>('/tokens'));
  const home = homeTime(at);
  const nowMs = at.around.clock.nowMs();
  at.answer(answer, () =>
    answer.tokens.length === 0
      ? 'There are no tokens.'
      : home.below(
          at.table(
            ['id', 'name', 'role', 'may only', 'created', 'expires', 'last used', 'revoked'],
            answer.tokens.map((token) => [
              token.id,
              token.name,
              token.role,
              token.scopes,
              home.minute(token.created_at),
              home.minute(token.expires_at),
              ago(token.last_used_at, nowMs) || 'never',
              home.minute(token.revoked_at),
            ]),
            ['name', 'may only'],
          ),
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
