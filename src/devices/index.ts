export type { Denial } from './denials.ts';
export { reservedDeviceIds } from './schema.ts';
export type { DevicesOptions } from './service.ts';
export { Devices } from './service.ts';
export type {
  Device,
  DeviceChange,
  DeviceState,
  LatestValues,
  Room,
  Scalar,
  StateSample,
} from './types.ts';
