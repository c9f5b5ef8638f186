import type { Migration } from '../migrate.ts';
import { pki } from './0001-pki.ts';
import { people } from './0002-people.ts';
import { devices } from './0003-devices.ts';
import { telemetry } from './0004-telemetry.ts';

/** The one timeline of hearth.db. A table belongs to the slice its step is named after. */
export const migrations: readonly Migration[] = [pki, people, devices, telemetry];
