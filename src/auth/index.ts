export type { Access, Action, Caller, Role } from './access.ts';
export { localCaller, may, roles } from './access.ts';
export type { Api, HearthEnv } from './routing.ts';
export { guard, route } from './routing.ts';
