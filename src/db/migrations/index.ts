import type { Migration } from '../migrate.ts';
import { pki } from './0001-pki.ts';
import { people } from './0002-people.ts';
import { devices } from './0003-devices.ts';
import { telemetry } from './0004-telemetry.ts';
import { due } from './0005-due.ts';
import { audit } from './0006-audit.ts';
import { alerts } from './0007-alerts.ts';
import { deviceTypes } from './0008-device-types.ts';
import { signing } from './0009-signing.ts';
import { commands } from './0010-commands.ts';
import { groups } from './0011-groups.ts';
import { deviceConfig } from './0012-device-config.ts';
import { schedules } from './0013-schedules.ts';
import { overrides } from './0014-overrides.ts';
import { accounts } from './0015-accounts.ts';
import { signIn } from './0016-sign-in.ts';
import { shares } from './0017-shares.ts';
import { join } from './0018-join.ts';
import { certificateLife } from './0019-pki.ts';
import { auditAnchor } from './0020-audit-anchor.ts';
import { deviceKeys } from './0021-device-keys.ts';
import { retention } from './0022-retention.ts';
import { lineProtocol } from './0023-line-protocol.ts';

/** The one timeline of hearth.db. A table belongs to the slice its step is named after. */
export const migrations: readonly Migration[] = [
  pki,
  people,
  devices,
  telemetry,
  due,
  audit,
  alerts,
  deviceTypes,
  signing,
  commands,
  groups,
  deviceConfig,
  schedules,
  overrides,
  accounts,
  signIn,
  shares,
  join,
  certificateLife,
  auditAnchor,
  deviceKeys,
  retention,
  lineProtocol,
];
