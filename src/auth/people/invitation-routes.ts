import { z } from '@hono/zod-openapi';
import { parseDurationMs } from '#kernel';
import { body, dashboardOf, doerOf, isoOf, json } from '../answers.ts';
import { type Api, route } from '../routing.ts';
import * as schema from '../schema.ts';
import type { Auth } from '../service.ts';
import { keepNoCopy } from '../sign-in/cookies.ts';
import type { Invitation } from './invitations.ts';

/** Who may join, and as what. */
export function invitationRoutes(api: Api, auth: Auth): void {
  const { household, invitations } = auth;

  api.openapi(
    route('people.manage', {
      method: 'get',
      path: '/people/invitations',
      tags: ['people'],
      summary: 'The invitations that can still be used',
      responses: {
        200: json(z.object({ invitations: z.array(schema.invitation) }), 'Oldest first'),
      },
    }),
    (context) => context.json({ invitations: invitations.list().map(invitationAnswer) }, 200),
  );

  api.openapi(
    route('people.manage', {
      method: 'post',
      path: '/people/invitations',
      tags: ['people'],
      summary: 'Invite somebody',
      request: body(schema.newInvitation),
      responses: {
        201: json(schema.createdInvitation, 'The invitation, its code shown this once'),
      },
    }),
    async (context) => {
      const { role, email, expires_in, password } = context.req.valid('json');
      const lifetimeMs =
        typeof expires_in === 'string'
          ? parseDurationMs(expires_in, 'expires_in')
          : expires_in && expires_in * 1000;
      const invitation = { role, email, lifetimeMs };
      const { code, ...made } = await household.invite(invitation, doerOf(context), password);
      keepNoCopy(context);
      // Behind `#`, so that no server and no log on the way is told.
      const url = `${dashboardOf(context, auth)}/#/join?invitation=${code}`;
      return context.json({ ...invitationAnswer(made), code, url }, 201);
    },
  );

  api.openapi(
    route('people.manage', {
      method: 'delete',
      path: '/people/invitations/{id}',
      tags: ['people'],
      summary: 'Withdraw an invitation',
      request: { params: z.object({ id: z.string().max(64) }) },
      responses: { 204: { description: 'Withdrawn' } },
    }),
    (context) => {
      household.withdraw(context.req.valid('param').id, doerOf(context));
      return context.body(null, 204);
    },
  );
}

const invitationAnswer = (invitation: Invitation) => ({
  id: invitation.id,
  role: invitation.role,
  email: invitation.email ?? null,
  invited_by: invitation.invitedBy,
  created_at: isoOf(invitation.createdAtMs),
  expires_at: isoOf(invitation.expiresAtMs),
});
