export type { Access, Action, Caller, Role } from './access.ts';
export { actorOf, localCaller, may, roles } from './access.ts';
export { isOwnOrigin } from './origin.ts';
export type { Api, HearthEnv } from './routing.ts';
export { route } from './routing.ts';
export { Auth } from './service.ts';
export { originOf } from './whence.ts';
