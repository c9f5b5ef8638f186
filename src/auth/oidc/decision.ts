import type { Person } from '../types.ts';
import type { ProblemCode } from './problem.ts';
import type { Claims, Link } from './types.ts';

/** What somebody set out to do when they went to the provider. */
export type Purpose =
  | { readonly kind: 'sign-in'; readonly invitation?: string }
  /** Somebody who is signed in adds the account to what they sign in with. */
  | { readonly kind: 'link'; readonly personId: string };

export interface Known {
  /** Of the account that has come. */
  readonly link: Pick<Link, 'personId'> | undefined;
  /** Who has its e-mail address here. */
  readonly byEmail: Pick<Person, 'id'> | undefined;
  /** Whether that person, or the one who wants to link, has an account of this provider already. */
  readonly hasAnother: (personId: string) => boolean;
  readonly linkByEmail: boolean;
}

export type Decision =
  | { readonly kind: 'sign-in'; readonly personId: string }
  /** Write the link down first, then sign in if that was the purpose. */
  | { readonly kind: 'link'; readonly personId: string }
  /** Make the person that the invitation is for. */
  | { readonly kind: 'join'; readonly invitation: string; readonly email: string }
  | { readonly kind: 'refuse'; readonly problem: ProblemCode };

/**
 * Who somebody is here, by what a provider says of them. An account that is linked is its person, and
 * nothing else decides. An e-mail address is taken for a person only where the owner has said so, the
 * provider vouches for it, and that person has no other account there: an address that has passed to
 * somebody else comes with a new subject. Nobody comes to be but by an invitation.
 */
export function decide(
  purpose: Purpose,
  { email, emailVerified }: Pick<Claims, 'email' | 'emailVerified'>,
  { link, byEmail, hasAnother, linkByEmail }: Known,
): Decision {
  if (purpose.kind === 'link') {
    const { personId } = purpose;
    if (link?.personId === personId) return { kind: 'sign-in', personId };
    if (link || hasAnother(personId)) return refuse('linked_already');
    return { kind: 'link', personId };
  }
  if (link) return { kind: 'sign-in', personId: link.personId };
  if (purpose.invitation === undefined && !linkByEmail) return refuse('not_linked');
  if (email === undefined || !emailVerified) return refuse('email_not_verified');
  const mayLink = linkByEmail && byEmail !== undefined && !hasAnother(byEmail.id);
  if (mayLink) return { kind: 'link', personId: byEmail.id };
  if (purpose.invitation === undefined) return refuse('not_linked');
  if (byEmail) return refuse('email_taken');
  return { kind: 'join', invitation: purpose.invitation, email };
}

const refuse = (problem: ProblemCode): Decision => ({ kind: 'refuse', problem });
