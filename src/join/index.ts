export type { JoinOptions } from './service.ts';
export { Join } from './service.ts';
export type { JoinAlert } from './types.ts';
