export type { Access, Action, Caller, Role, Scope } from './access.ts';
export {
  actions,
  actorOf,
  isAction,
  isOutOfScope,
  localCaller,
  may,
  roles,
  scopeOf,
} from './access.ts';
export { type OidcSettings, OpenIdConnect } from './oidc/index.ts';
export { isOwnOrigin } from './origin.ts';
export { Passkeys } from './passkeys/index.ts';
export { Throttle } from './passwords/throttle.ts';
export type { AuditEntry, AuditPort, Mail } from './ports.ts';
export type { Api, HearthEnv } from './routing.ts';
export { route } from './routing.ts';
export type { AuthOptions } from './service.ts';
export { Auth } from './service.ts';
export type { SharesOptions } from './sharing/service.ts';
export { Shares } from './sharing/service.ts';
export type { ShareAccess, Sight, SightOf } from './sight.ts';
export {
  requireControl,
  seesEvery,
  sightOf,
  sightWith,
  unknownDevice,
} from './sight.ts';
export { answerSession } from './sign-in/cookies.ts';
export type { Origin, Person, PersonRole, Revocation } from './types.ts';
export { clientCertificateOf, originOf, remoteAddressOf, visitOf } from './whence.ts';
