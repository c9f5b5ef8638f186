import { invitationRoutes } from './people/invitation-routes.ts';
import { ownAccountRoutes } from './people/own-account-routes.ts';
import { peopleAccessRoutes } from './people/people-access-routes.ts';
import { peopleRoutes } from './people/people-routes.ts';
import { credentialRoutes, tokenRoutes } from './programs/token-routes.ts';
import type { Api } from './routing.ts';
import { secondFactorRoutes } from './second-factor/second-factor-routes.ts';
import type { Auth } from './service.ts';
import { keySetRoute, signInRoutes } from './sign-in/sign-in-routes.ts';

/** Adds the routes of people and programs, relative to `/api/v1`. */
export function routes(api: Api, auth: Auth): void {
  signInRoutes(api, auth); //        /setup /auth/login /auth/token /auth/refresh …
  ownAccountRoutes(api, auth); //    /auth/me /auth/password /auth/sessions …
  secondFactorRoutes(api, auth); //  /auth/2fa …
  // Before people: `/people/invitations` is nobody.
  invitationRoutes(api, auth); //    /people/invitations
  peopleRoutes(api, auth); //        /people
  peopleAccessRoutes(api, auth); //  /people/{id}/password …
  tokenRoutes(api, auth); //         /tokens
  credentialRoutes(api, auth); //    /credentials
}

/** Adds what stands at `/`, where programs look for it. */
export function rootRoutes(api: Api, auth: Auth): void {
  keySetRoute(api, auth);
}
