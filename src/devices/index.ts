export { actionsFor } from './definitions/actions-for.ts';
export { agreement } from './definitions/agreement.ts';
export { checkAction } from './definitions/check-action.ts';
export { expectedState } from './definitions/effects.ts';
export { resolveToggle } from './definitions/toggle.ts';
export type {
  Action,
  ActionDefinition,
  ActionValue,
  Effect,
  MetricDefinition,
  StateMap,
  TypeDefinition,
  ValueRange,
} from './definitions/types.ts';
export type { Denial } from './denials.ts';
export { deviceFor } from './device-json.ts';
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
  StatusNews,
} from './types.ts';
