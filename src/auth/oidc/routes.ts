import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import { HearthError } from '#kernel';
import { body, isoOf, json } from '../answers.ts';
import { type Api, type HearthEnv, route } from '../routing.ts';
import { answerSession, setCookies } from '../sign-in/cookies.ts';
import { pageVisitOf } from '../sign-in/page-visit.ts';
import { personOf } from '../sign-in/presence.ts';
import { OidcProblem } from './problem.ts';
import * as schema from './schema.ts';
import type { OpenIdConnect } from './service.ts';
import { journeyLifetimeMs, type Link } from './types.ts';

const tags = ['openid connect'];
/** What a browser holds while its person is at the provider. */
const journeyCookie = 'hearth_oidc';

/** Adds the routes of OpenID Connect, relative to `/api/v1`. */
export function oidcRoutes(api: Api, oidc: OpenIdConnect): void {
  stateRoute(api, oidc);
  signInRoutes(api, oidc);
  linkRoutes(api, oidc);
}

function stateRoute(api: Api, oidc: OpenIdConnect): void {
  api.openapi(
    route('public', {
      method: 'get',
      path: '/auth/oidc',
      tags,
      summary: 'Which provider one can sign in by, and which account of mine is linked',
      responses: { 200: json(schema.state, 'The provider, and my account') },
    }),
    (context) => {
      const caller = context.get('caller');
      const link = caller?.kind === 'person' ? oidc.linkOf(caller.id) : undefined;
      const name = oidc.providerName;
      return context.json(
        { provider: name === undefined ? null : { name }, link: link ? linkAnswer(link) : null },
        200,
      );
    },
  );
}

function signInRoutes(api: Api, oidc: OpenIdConnect): void {
  api.openapi(
    route('public', {
      method: 'get',
      path: '/auth/oidc/login',
      tags,
      summary: 'Go to the provider to sign in; a link for a browser',
      request: { query: schema.beginSignIn },
      responses: { 303: { description: 'To the provider, or back with a problem' } },
    }),
    (context) =>
      orSayWhy(context, async () => {
        const { invitation } = context.req.valid('query');
        const { url, cookie } = await oidc.beginSignIn(invitation, pageVisitOf(context));
        setCookies(context, [journeyLine(cookie)]);
        return context.redirect(url, 303);
      }),
  );

  api.openapi(
    route('public', {
      method: 'get',
      path: '/auth/oidc/callback',
      tags,
      summary: 'Where the provider sends the browser back to',
      request: { query: schema.returned },
      responses: { 303: { description: 'To the dashboard, signed in, or with a problem' } },
    }),
    (context) =>
      orSayWhy(context, async () => {
        const cookie = getCookie(context, journeyCookie);
        setCookies(context, [journeyLine('', 0)]);
        const { state } = context.req.valid('query');
        const arrival = await oidc.arrive(state, cookie, pageVisitOf(context));
        if (arrival.kind === 'linked') return context.redirect('/#/account?linked=oidc', 303);
        answerSession(context, arrival.signedIn);
        // The request for this page comes from the provider's, so that a SameSite=Strict cookie
        // stays behind. The page is the same for everyone; what it asks for goes with the cookie.
        return context.redirect('/', 303);
      }),
  );
}

function linkRoutes(api: Api, oidc: OpenIdConnect): void {
  api.openapi(
    route('self.read', {
      method: 'post',
      path: '/auth/oidc/link',
      tags,
      summary: 'Begin to link an account of mine at the provider',
      request: body(schema.beginLink),
      responses: { 200: json(schema.departure, 'Where to send the browser') },
    }),
    async (context) => {
      const present = personOf(context.get('caller'));
      const { password } = context.req.valid('json');
      const { url, cookie } = await oidc
        .beginLink(present, password, pageVisitOf(context))
        .catch(inWords);
      setCookies(context, [journeyLine(cookie)]);
      return context.json({ url }, 200);
    },
  );

  api.openapi(
    route('self.read', {
      method: 'delete',
      path: '/auth/oidc/link',
      tags,
      summary: 'Remove the link to my account at the provider',
      responses: { 204: { description: 'Removed' } },
    }),
    (context) => {
      oidc.unlink(personOf(context.get('caller')), pageVisitOf(context));
      return context.body(null, 204);
    },
  );
}

/** A browser that was sent here by a link cannot read JSON: it goes on to a page that has words. */
async function orSayWhy(
  context: Context<HearthEnv>,
  act: () => Promise<Response>,
): Promise<Response> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof OidcProblem)) throw error;
    return context.redirect(`/#/sign-in?problem=${error.code}`, 303);
  }
}

function inWords(error: unknown): never {
  if (!(error instanceof OidcProblem)) throw error;
  throw error.code === 'not_set_up'
    ? new HearthError('not_found', 'no provider is set up here', {
        hint: 'The owner sets oidc.issuer and oidc.client_id.',
      })
    : new HearthError('unavailable', 'the provider does not answer', {
        hint: 'Try again in a while.',
        retryable: true,
      });
}

/** Lax, as it has to come back from a page of the provider's; and of use nowhere else. */
const journeyLine = (value: string, maxAgeSeconds = journeyLifetimeMs / 1000): string =>
  `${journeyCookie}=${value}; Max-Age=${maxAgeSeconds}; Path=/api/v1/auth/oidc; HttpOnly; SameSite=Lax`;

const linkAnswer = ({ email, createdAtMs, lastUsedAtMs }: Link) => ({
  email: email ?? null,
  created_at: isoOf(createdAtMs),
  last_used_at: lastUsedAtMs === undefined ? null : isoOf(lastUsedAtMs),
});
