export type { DeviceConfigOptions } from './service.ts';
export { DeviceConfig } from './service.ts';
export type { ConfigState } from './types.ts';
