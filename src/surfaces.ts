/** Who answers over HTTP: every slice that has routes, in the order in which they are asked. */
import type { Api } from '#auth';

/** Whoever answers below `/api/v1`. */
interface Routed {
  routes(api: Api): void;
}

type Surfaces =
  | 'auth'
  | 'passkeys'
  | 'oidc'
  | 'shares'
  | 'audit'
  | 'alerts'
  | 'devices'
  | 'joining'
  | 'signing'
  | 'telemetry'
  | 'exports'
  | 'imports'
  | 'sql'
  | 'commands'
  | 'groups'
  | 'deviceConfig'
  | 'schedules'
  | 'overrides';

/** What the slices add below `/api/v1`, in the order in which they are asked. */
export const routesOf = (parts: Readonly<Record<Surfaces, Routed>>): ((api: Api) => void)[] =>
  [
    parts.auth,
    parts.passkeys,
    parts.oidc,
    parts.shares,
    parts.audit,
    parts.alerts,
    // Before the devices': `/devices/config` is no device (see reservedDeviceIds).
    parts.deviceConfig,
    parts.devices,
    parts.joining,
    parts.signing,
    parts.telemetry,
    parts.exports,
    parts.imports,
    parts.sql,
    parts.commands,
    parts.groups,
    parts.schedules,
    parts.overrides,
  ].map((part) => (api: Api) => part.routes(api));

/** Whoever answers beside `/api/v1`, where others fixed the paths. */
interface RootRouted {
  rootRoutes(api: Api): void;
}

export const rootRoutesOf = (
  parts: Readonly<Record<'auth' | 'joining' | 'lineProtocol', RootRouted>>,
): ((api: Api) => void)[] =>
  [parts.auth, parts.joining, parts.lineProtocol].map((part) => (api: Api) => part.rootRoutes(api));
