import { type Clock, HearthError, hashSecret, sortableId } from '#kernel';
import type { PersonRole } from '../types.ts';
import type { CodeStore, InvitationRow } from './code-store.ts';
import { makeLongCode, plainCode } from './codes.ts';

const defaultLifetimeMs = 7 * 86_400_000;
const maxLifetimeMs = 30 * 86_400_000;
const maxInvitations = 100;

export interface NewInvitation {
  readonly role: PersonRole;
  /** Then it is good for this email alone. */
  readonly email?: string | undefined;
  readonly lifetimeMs?: number | undefined;
}

export interface Invitation {
  readonly id: string;
  readonly role: PersonRole;
  readonly email: string | undefined;
  /** As `actorOf` names them. */
  readonly invitedBy: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

interface InvitationsOptions {
  readonly store: CodeStore;
  readonly clock: Clock;
}

/** Codes that let someone join the home, each once, with the role that was chosen for them. */
export class Invitations {
  readonly #options: InvitationsOptions;

  constructor(options: InvitationsOptions) {
    this.#options = options;
  }

  /**
   * `code` in the answer is the one time it is seen.
   * @param madeBy as `makerOf` names them.
   * @throws HearthError `bad_request` with field `expires_in`, `conflict` when there are too many.
   */
  create(
    { role, email, lifetimeMs = defaultLifetimeMs }: NewInvitation,
    invitedBy: string,
    madeBy?: string,
  ): Invitation & { readonly code: string } {
    const { store, clock } = this.#options;
    if (lifetimeMs > maxLifetimeMs) {
      throw new HearthError('bad_request', 'an invitation lasts 30 days at most', {
        field: 'expires_in',
      });
    }
    if (this.list().length >= maxInvitations) {
      throw new HearthError('conflict', `there are ${maxInvitations} invitations already`, {
        hint: 'Withdraw those that nobody will use.',
      });
    }
    const nowMs = Math.floor(clock.nowMs());
    const code = makeLongCode();
    const row: InvitationRow = {
      id: sortableId(nowMs),
      code_hash: codeHash(code),
      role,
      email: email?.toLowerCase() ?? null,
      invited_by: invitedBy,
      created_at_ms: nowMs,
      expires_at_ms: Math.floor(nowMs + lifetimeMs),
      made_by: madeBy ?? null,
    };
    store.insertInvitation(row);
    return { ...invitationOf(row), code };
  }

  /** Those that can still be used, oldest first. */
  list(): Invitation[] {
    const { store, clock } = this.#options;
    const nowMs = clock.nowMs();
    return store
      .invitations()
      .filter((row) => nowMs < row.expires_at_ms)
      .map(invitationOf);
  }

  /** Those that somebody made, used up by nobody. */
  madeBy(maker: string): Invitation[] {
    const rows = this.#options.store.invitations();
    return rows.filter((row) => row.made_by === maker).map(invitationOf);
  }

  /** The invitation behind a code, if `email` may use it. */
  find(code: string, email: string): Invitation | undefined {
    const { store, clock } = this.#options;
    const row = store.invitation(codeHash(code));
    if (row === undefined || clock.nowMs() >= row.expires_at_ms) return undefined;
    return row.email === null || row.email === email.toLowerCase() ? invitationOf(row) : undefined;
  }

  /**
   * Uses a code up, in the transaction that adds whoever it was for. Returns their role.
   * @throws HearthError `forbidden` for any code that is not good for this email.
   */
  redeem(code: string, email: string): PersonRole {
    const invitation = this.find(code, email);
    if (invitation === undefined || !this.withdraw(invitation.id)) throw registrationIsClosed();
    return invitation.role;
  }

  /** Returns whether there was one. */
  withdraw(id: string): boolean {
    return this.#options.store.deleteInvitation(id);
  }
}

export const registrationIsClosed = (): HearthError =>
  new HearthError('forbidden', 'registration is closed', {
    hint: 'Ask the owner of this home for an invitation; each is good once, and for a while.',
  });

const codeHash = (code: string): string => hashSecret(plainCode(code));

const invitationOf = (row: InvitationRow): Invitation => ({
  id: row.id,
  role: row.role,
  email: row.email ?? undefined,
  invitedBy: row.invited_by,
  createdAtMs: row.created_at_ms,
  expiresAtMs: row.expires_at_ms,
});
