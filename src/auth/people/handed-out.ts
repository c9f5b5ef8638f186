import { actorOf } from '../access.ts';
import type { AuditPort } from '../ports.ts';
import { whereFrom } from '../whence.ts';
import type { Invitations } from './invitations.ts';
import type { PasswordResets } from './password-resets.ts';
import type { Doer } from './rank.ts';

interface HandedOutOptions {
  readonly invitations: Invitations;
  readonly resets: PasswordResets;
  readonly audit: AuditPort;
}

/** Codes that somebody handed out, which must not let them in again once they are out. */
export class HandedOut {
  readonly #options: HandedOutOptions;

  constructor(options: HandedOutOptions) {
    this.#options = options;
  }

  /** Voids them, in the transaction that lets `maker` out. @param maker as `makerOf` names them. */
  voidAllBy(maker: string, by: Doer | undefined): void {
    const { invitations, resets, audit } = this.#options;
    for (const { id, role } of invitations.madeBy(maker)) {
      invitations.withdraw(id);
      audit.append({
        actor: by ? actorOf(by.caller) : 'hub',
        action: 'person.invite',
        subject: `invitation:${id}`,
        outcome: 'withdrawn',
        origin: by ? whereFrom(by.origin) : '',
        detail: { role, made_by: maker },
      });
    }
    resets.voidAllBy(maker);
  }
}
