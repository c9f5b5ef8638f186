export type { OverridesOptions } from './service.ts';
export { Overrides } from './service.ts';
export type { Override, OverrideStatus } from './types.ts';
