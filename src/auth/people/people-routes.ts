import { z } from '@hono/zod-openapi';
import { body, doerOf, isoOf, json } from '../answers.ts';
import { type Api, route } from '../routing.ts';
import * as schema from '../schema.ts';
import type { Auth } from '../service.ts';
import type { Person } from '../types.ts';

const params = z.object({ id: z.string().max(64) });

/** Who belongs to the home. */
export function peopleRoutes(api: Api, auth: Auth): void {
  const { household, people } = auth;

  api.openapi(
    route('people.manage', {
      method: 'get',
      path: '/people',
      tags: ['people'],
      summary: 'Everyone',
      responses: { 200: json(z.object({ people: z.array(schema.person) }), 'Oldest first') },
    }),
    (context) =>
      context.json({ people: people.list().map((person) => personAnswer(person, auth)) }, 200),
  );

  api.openapi(
    route('people.manage', {
      method: 'post',
      path: '/people',
      tags: ['people'],
      summary: 'Add somebody with a password; better invite them, and they choose it',
      request: body(schema.newPerson),
      responses: { 201: json(schema.person, 'The person') },
    }),
    async (context) => {
      const { current_password, ...newcomer } = context.req.valid('json');
      const person = await auth.addPerson(newcomer, doerOf(context), current_password);
      return context.json(personAnswer(person, auth), 201);
    },
  );

  api.openapi(
    route('people.manage', {
      method: 'get',
      path: '/people/{id}',
      tags: ['people'],
      summary: 'Somebody',
      request: { params },
      responses: { 200: json(schema.person, 'The person') },
    }),
    (context) =>
      context.json(personAnswer(household.get(context.req.valid('param').id), auth), 200),
  );

  api.openapi(
    route('people.manage', {
      method: 'patch',
      path: '/people/{id}',
      tags: ['people'],
      summary: 'Change somebody; another role, or being disabled, ends their sessions',
      request: { params, ...body(schema.personChanges) },
      responses: { 200: json(schema.person, 'The person, changed') },
    }),
    async (context) => {
      const { id } = context.req.valid('param');
      const { password, ...changes } = context.req.valid('json');
      const person = await household.change(id, changes, doerOf(context), password);
      return context.json(personAnswer(person, auth), 200);
    },
  );

  api.openapi(
    route('people.manage', {
      method: 'delete',
      path: '/people/{id}',
      tags: ['people'],
      summary: 'Remove somebody, with all that is theirs',
      request: { params },
      responses: { 204: { description: 'Removed' } },
    }),
    (context) => {
      household.remove(context.req.valid('param').id, doerOf(context));
      return context.body(null, 204);
    },
  );
}

function personAnswer(person: Person, { secondFactors, sessions }: Auth) {
  const { id, name, email, role, state, hasPassword, createdAtMs } = person;
  const newest = sessions.of(id)[0];
  return {
    id,
    name,
    email,
    role,
    state,
    has_password: hasPassword,
    second_factor: secondFactors.isOn(id),
    created_at: isoOf(createdAtMs),
    last_used_at: newest === undefined ? null : isoOf(newest.lastUsedAtMs),
  };
}
