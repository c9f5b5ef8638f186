import type { Context } from 'hono';
import { body, json } from '../answers.ts';
import { refuseForeignOrigin } from '../origin.ts';
import { type Api, type HearthEnv, route } from '../routing.ts';
import * as schema from '../schema.ts';
import type { Auth } from '../service.ts';
import type { SecondFactorNeeded } from '../types.ts';
import { visitOf } from '../whence.ts';
import { answerSession, forgetCookieLine, keepNoCopy, setCookies } from './cookies.ts';

const signedInOrAsked = {
  200: json(schema.session, 'Signed in, by cookie and as Bearer'),
  202: json(schema.secondFactorNeeded, 'The password is right; a code has to follow'),
};

/** Getting in, going on and getting out. */
export function signInRoutes(api: Api, auth: Auth): void {
  api.openapi(
    route('public', {
      method: 'get',
      path: '/setup',
      tags: ['set-up'],
      summary: 'Whether the hub waits for its owner',
      responses: { 200: json(schema.setupState, 'The state of the set-up') },
    }),
    (context) => {
      const needed = auth.setupCode() !== undefined;
      return context.json({ needed, home: auth.homeName, mail: auth.sendsMail }, 200);
    },
  );

  api.openapi(
    route('public', {
      method: 'post',
      path: '/setup',
      tags: ['set-up'],
      summary: 'Become the owner, once, with the code that the hub printed',
      request: body(schema.newOwner),
      responses: { 201: json(schema.session, 'The owner, signed in') },
    }),
    async (context) => {
      refuseForeignOrigin(context.req.raw);
      const signedIn = await auth.setUp(context.req.valid('json'), visitOf(context));
      return context.json(answerSession(context, signedIn), 201);
    },
  );

  api.openapi(
    route('public', {
      method: 'post',
      path: '/auth/login',
      tags: ['auth'],
      summary: 'Sign in',
      request: body(schema.signIn),
      responses: signedInOrAsked,
    }),
    async (context) => {
      refuseForeignOrigin(context.req.raw);
      return signInWith(context, auth, context.req.valid('json'));
    },
  );

  api.openapi(
    route('public', {
      method: 'post',
      path: '/auth/token',
      tags: ['auth'],
      summary: 'Sign in as OAuth 2.0 programs do, with a form',
      request: {
        body: {
          content: { 'application/x-www-form-urlencoded': { schema: schema.passwordGrant } },
          required: true,
        },
      },
      responses: signedInOrAsked,
    }),
    async (context) => {
      refuseForeignOrigin(context.req.raw);
      const { username: email, password, code } = context.req.valid('form');
      return signInWith(context, auth, { email, password, code });
    },
  );

  api.openapi(
    route('public', {
      method: 'post',
      path: '/auth/2fa/verify',
      tags: ['auth'],
      summary: 'Sign in with the code that has to follow the password',
      request: body(schema.secondFactorCode),
      responses: { 200: json(schema.session, 'Signed in, by cookie and as Bearer') },
    }),
    async (context) => {
      refuseForeignOrigin(context.req.raw);
      const { challenge, code } = context.req.valid('json');
      const origin = visitOf(context);
      const signedIn = await auth.signIns.verifySecondFactor(challenge, code, origin);
      return context.json(answerSession(context, signedIn), 200);
    },
  );

  api.openapi(
    route('public', {
      method: 'post',
      path: '/auth/refresh',
      tags: ['auth'],
      summary: 'The next access token and refresh token',
      request: body(schema.refresh),
      responses: { 200: json(schema.session, 'The next pair') },
    }),
    async (context) => {
      refuseForeignOrigin(context.req.raw);
      const { refresh_token } = context.req.valid('json');
      const signedIn = await auth.signIns.refresh(refresh_token, visitOf(context));
      return context.json(answerSession(context, signedIn), 200);
    },
  );

  api.openapi(
    route('self.read', {
      method: 'post',
      path: '/auth/logout',
      tags: ['auth'],
      summary: 'End this session',
      responses: { 204: { description: 'Ended' } },
    }),
    (context) => {
      const caller = context.get('caller');
      const session = caller?.kind === 'person' && auth.sessions.get(caller.sessionId);
      if (session) auth.signIns.signOut(session, visitOf(context));
      setCookies(context, session ? [forgetCookieLine] : []);
      return context.body(null, 204);
    },
  );
}

/** Where any program finds the keys that access tokens are signed with. */
export function keySetRoute(api: Api, auth: Auth): void {
  api.openapi(
    route('public', {
      method: 'get',
      path: '/.well-known/jwks.json',
      tags: ['auth'],
      summary: 'The public keys of access tokens (RFC 7517)',
      responses: { 200: json(schema.keySet, 'The key set') },
    }),
    (context) => {
      context.header('cache-control', 'public, max-age=300');
      const { keys } = auth.publishedKeys();
      return context.json({ keys: [...keys] }, 200);
    },
  );
}

/** Signs somebody in, or asks for the code that has to follow. */
async function signInWith(
  context: Context<HearthEnv>,
  auth: Auth,
  given: Parameters<Auth['signIns']['signIn']>[0],
) {
  const answer = await auth.signIns.signIn(given, visitOf(context));
  keepNoCopy(context);
  return 'challenge' in answer
    ? context.json(secondFactorAnswer(answer), 202)
    : context.json(answerSession(context, answer), 200);
}

const secondFactorAnswer = ({ challenge, expiresInSeconds }: SecondFactorNeeded) => ({
  second_factor: {
    challenge,
    methods: ['totp' as const, 'recovery_code' as const],
    expires_in: expiresInSeconds,
  },
});
