import { dashboardAddress } from './dashboard-address.ts';
import { inFlags } from './flag-words.ts';
import { homeTime } from './home-time.ts';
import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';

interface Invitation {
  readonly id: string;
  readonly role: string;
  readonly email: string | null;
  readonly invited_by: string;
  readonly created_at: string;
  readonly expires_at: string;
}

interface InviteOptions {
  readonly role: string;
  readonly expiresIn?: string;
}

/** Makes a link with which somebody chooses name and password themselves. */
export async function inviteUser(
  at: Invocation,
  email: string | undefined,
  { role, expiresIn }: InviteOptions,
): Promise<void> {
  const flags = {
    email: { flag: 'email' },
    role: { flag: '--role' },
    expires_in: { flag: '--expires-in' },
  };
  const made = await withHub(at, async (hub) => {
    const invitation = await inFlags(flags, () =>
      hub.post<Invitation & { readonly code: string; readonly url: string }>(
        '/people/invitations',
        { role, email, expires_in: expiresIn },
      ),
    );
    if (!invitation.url.startsWith('/')) return invitation;
    // The hub does not know by which address others reach it.
    const address = await dashboardAddress(hub, at);
    return { ...invitation, url: `${address ?? ''}${invitation.url}` };
  });
  at.answer(made, () => made.url);
  const whom = email === undefined ? 'Whoever has it' : `${email}, and nobody else,`;
  const until = homeTime(at).withZone(made.expires_at);
  at.note(`${whom} can join with it as ${role}, once, until ${until}.`);
  at.note(`This is the only time it is shown. To withdraw it: hearth user withdraw ${made.id}`);
}

export async function listInvitations(at: Invocation): Promise<void> {
  const answer = await withHub(at, (hub) =>
    hub.get<{ invitations: readonly Invitation[] }>('/people/invitations'),
  );
  const home = homeTime(at);
  at.answer(answer, () =>
    answer.invitations.length === 0
      ? 'Nobody is invited: hearth user invite ada@example.org --role member.'
      : home.below(
          at.table(
            ['id', 'for', 'role', 'by', 'made', 'until'],
            answer.invitations.map((invitation) => [
              invitation.id,
              invitation.email ?? 'whoever has it',
              invitation.role,
              invitation.invited_by,
              home.minute(invitation.created_at),
              home.minute(invitation.expires_at),
            ]),
          ),
        ),
  );
}

export async function withdrawInvitation(at: Invocation, id: string): Promise<void> {
  await withHub(at, (hub) => hub.delete(`/people/invitations/${encodeURIComponent(id)}`));
  at.answer({ withdrawn: id }, () => 'The invitation is withdrawn.');
}
