import { body, json, selfOf } from '../answers.ts';
import { type Api, route } from '../routing.ts';
import * as schema from '../schema.ts';
import type { Auth } from '../service.ts';
import { keepNoCopy } from '../sign-in/cookies.ts';
import { visitOf } from '../whence.ts';

/** An authenticator app of one's own. */
export function secondFactorRoutes(api: Api, auth: Auth): void {
  const { ownAccount, people, secondFactors } = auth;

  api.openapi(
    route('self.read', {
      method: 'get',
      path: '/auth/2fa',
      tags: ['auth'],
      summary: 'Whether I have an authenticator app',
      responses: { 200: json(schema.secondFactorState, 'The state') },
    }),
    (context) => {
      const { person } = selfOf(context, people);
      const recovery_codes_left = secondFactors.recoveryCodesLeft(person.id);
      return context.json({ totp: secondFactors.isOn(person.id), recovery_codes_left }, 200);
    },
  );

  api.openapi(
    route('self.read', {
      method: 'post',
      path: '/auth/2fa/totp',
      tags: ['auth'],
      summary: 'Begin with an authenticator app; it counts once a code has confirmed it',
      request: body(schema.passwordAgain),
      responses: { 200: json(schema.totpBegun, 'What the app has to know, shown this once') },
    }),
    async (context) => {
      const { person } = selfOf(context, people);
      const { password } = context.req.valid('json');
      const begun = await ownAccount.beginTotp(person, password, visitOf(context));
      keepNoCopy(context);
      return context.json({ ...begun }, 200);
    },
  );

  api.openapi(
    route('self.read', {
      method: 'post',
      path: '/auth/2fa/totp/confirm',
      tags: ['auth'],
      summary: 'Turn the authenticator app on with its first code',
      request: body(schema.totpCode),
      responses: { 200: json(schema.recoveryCodes, 'For when the app is lost; shown this once') },
    }),
    (context) => {
      const { person } = selfOf(context, people);
      const { code } = context.req.valid('json');
      const codes = ownAccount.confirmTotp(person, code, visitOf(context));
      keepNoCopy(context);
      return context.json({ recovery_codes: [...codes] }, 200);
    },
  );

  api.openapi(
    route('self.read', {
      method: 'delete',
      path: '/auth/2fa/totp',
      tags: ['auth'],
      summary: 'Do without the authenticator app; the recovery codes go with it',
      request: body(schema.passwordAgain),
      responses: { 204: { description: 'Removed' } },
    }),
    async (context) => {
      const { person } = selfOf(context, people);
      const { password } = context.req.valid('json');
      await ownAccount.removeTotp(person, password, visitOf(context));
      return context.body(null, 204);
    },
  );

  api.openapi(
    route('self.read', {
      method: 'post',
      path: '/auth/2fa/recovery-codes',
      tags: ['auth'],
      summary: 'Make new recovery codes; those of before are void',
      request: body(schema.passwordAgain),
      responses: { 200: json(schema.recoveryCodes, 'The codes, shown this once') },
    }),
    async (context) => {
      const { person } = selfOf(context, people);
      const { password } = context.req.valid('json');
      const codes = await ownAccount.renewRecoveryCodes(person, password, visitOf(context));
      keepNoCopy(context);
      return context.json({ recovery_codes: [...codes] }, 200);
    },
  );
}
