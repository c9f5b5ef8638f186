import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { isMeasuring, placeOfEntity } from '../../src/telemetry/imports/entities.ts';
import { type ImportHouse, openImportHouse } from './import-house.ts';

describe('an entity', () => {
  it.each<[string, string | undefined, string, string]>([
    ['sensor.kitchen_power', 'power', 'kitchen', 'power'],
    ['sensor.kitchen_power', undefined, 'kitchen', 'power'],
    ['sensor.living_room_co2', 'carbon_dioxide', 'living_room', 'co2'],
    ['sensor.heater_apparent_power', 'apparent_power', 'heater', 'apparent_power'],
    ['sensor.outdoor', 'temperature', 'outdoor', 'temperature'],
    ['sensor.power', 'power', 'power', 'power'],
    ['sensor.visitors', undefined, 'visitors', 'value'],
    ['switch.kettle', 'outlet', 'kettle', 'outlet'],
    ['switch.kettle', undefined, 'kettle', 'state'],
    ['binary_sensor.hall_motion', 'motion', 'hall', 'motion'],
    ['light.porch', undefined, 'porch', 'state'],
    ['input_number.target', undefined, 'target', 'value'],
  ])('%s of class %s is a metric of a device', (id, deviceClass, device, metric) => {
    expect(placeOfEntity({ id, deviceClass, unit: undefined })).toEqual({ device, metric });
  });

  it('that says where people are, or what the sun does, is not taken', () => {
    expect(['person.ada', 'device_tracker.phone', 'sun.sun', 'sensor.x'].map(isMeasuring)).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });
});

/** Midnight of 1 January 2026. */
const startS = 1767225600;

/** A database as Home Assistant makes it since April 2023, as far as it is read. */
async function recorderIn(house: ImportHouse): Promise<string> {
  const path = join(house.directory, 'files', 'home-assistant_v2.db');
  await mkdir(join(path, '..'), { recursive: true });
  const db = new Database(path);
  db.exec(`
    CREATE TABLE states_meta (metadata_id INTEGER PRIMARY KEY, entity_id TEXT);
    CREATE TABLE state_attributes (attributes_id INTEGER PRIMARY KEY, hash BIGINT, shared_attrs TEXT);
    CREATE TABLE states (state_id INTEGER PRIMARY KEY, entity_id CHAR(0), state VARCHAR(255),
      last_changed_ts FLOAT, last_updated_ts FLOAT, attributes_id INTEGER, metadata_id INTEGER);
    CREATE TABLE statistics_meta (id INTEGER PRIMARY KEY, statistic_id TEXT, source TEXT,
      unit_of_measurement TEXT, has_mean BOOLEAN, has_sum BOOLEAN, name TEXT);
    CREATE TABLE statistics (id INTEGER PRIMARY KEY, created_ts FLOAT, metadata_id INTEGER,
      start_ts FLOAT, mean FLOAT, min FLOAT, max FLOAT, last_reset_ts FLOAT, state FLOAT, sum FLOAT);
    INSERT INTO states_meta VALUES (1, 'sensor.kitchen_power'), (2, 'switch.kitchen'),
      (3, 'person.ada'), (4, 'sensor.heat_pump_power'), (5, 'sensor.mode');
    INSERT INTO state_attributes VALUES
      (1, 0, '{"device_class":"power","unit_of_measurement":"W"}'),
      (2, 0, '{"device_class":"power","unit_of_measurement":"kW"}'), (3, 0, 'no json');
    INSERT INTO states (state, last_updated_ts, attributes_id, metadata_id) VALUES
      ('60.5', ${startS + 7200.25}, 1, 1), ('unavailable', ${startS + 7201}, 1, 1),
      ('61', ${startS + 7260}, 1, 1), ('on', ${startS + 7200.25}, NULL, 2),
      ('off', ${startS + 7300}, NULL, 2), ('home', ${startS + 7200}, NULL, 3),
      ('1.5', ${startS + 7200}, 2, 4), ('eco', ${startS + 7200}, 3, 5), (NULL, ${startS}, 3, 5);
    INSERT INTO statistics_meta VALUES (1, 'sensor.kitchen_power', 'recorder', 'W', 1, 0, NULL),
      (2, 'sensor.meter_energy', 'recorder', 'kWh', 0, 1, NULL),
      (3, 'tibber:price', 'tibber', 'EUR', 1, 0, NULL);
    INSERT INTO statistics (metadata_id, start_ts, mean, state, sum) VALUES
      (1, ${startS}, 40, NULL, NULL), (1, ${startS + 3600}, 50, NULL, NULL),
      (1, ${startS + 7200}, 60, NULL, NULL), (2, ${startS}, NULL, 1000.5, 3), (3, ${startS}, 1, NULL, NULL);
  `);
  db.close();
  return path;
}

const iso = (seconds: number) => new Date((startS + seconds) * 1000).toISOString();

describe('the database of Home Assistant', () => {
  it('comes in with its states and, of the time before them, the means of hours', async () => {
    const house = await openImportHouse();
    const job = await house.bring({ path: await recorderIn(house) });
    expect(job).toMatchObject({
      status: 'done',
      format: 'home-assistant',
      readings: 9,
      devices: ['heat_pump', 'kitchen', 'meter', 'mode'],
    });
    expect(await house.rows('kitchen')).toEqual([
      { timestamp: iso(0), power: 40 },
      { timestamp: iso(3600), power: 50 },
      { timestamp: iso(7200.25), power: 60.5, state: true },
      { timestamp: iso(7260), power: 61 },
      { timestamp: iso(7300), state: false },
    ]);
    expect(await house.rows('heat_pump')).toEqual([{ timestamp: iso(7200), power: 1500 }]);
    expect(await house.rows('meter')).toEqual([{ timestamp: iso(3600), energy: 1000.5 }]);
    expect(await house.rows('mode')).toEqual([{ timestamp: iso(7200), value: 'eco' }]);
    expect(job.reasons.map(({ where, reason }) => [where, reason])).toEqual([
      ['person.ada', 'entities of the kind person are left out'],
      ['tibber:price', 'entities of the kind tibber are left out'],
    ]);
  });

  it('goes where the map says, which also asks for what is left out otherwise', async () => {
    const house = await openImportHouse();
    const map = {
      'sensor.heat_pump_power': 'boiler.power',
      'person.ada': 'ada.where',
      'tibber:price': 'grid.price',
    };
    const job = await house.bring({ path: await recorderIn(house), map });
    expect(job).toMatchObject({ status: 'done', skipped: 0, reasons: [] });
    expect(await house.rows('boiler')).toMatchObject([{ power: 1500 }]);
    expect(await house.rows('ada')).toMatchObject([{ where: 'home' }]);
    expect(await house.rows('grid')).toMatchObject([{ price: 1 }]);
    expect(house.devices.exists('heat_pump')).toBe(false);
  });

  it('has tables, and no views that make rows without an end', async () => {
    const house = await openImportHouse();
    const path = join(house.directory, 'endless.db');
    new Database(path)
      .exec(
        `CREATE VIEW States_Meta AS WITH RECURSIVE n(metadata_id) AS (SELECT 1 UNION ALL
           SELECT metadata_id + 1 FROM n) SELECT metadata_id, 'sensor.a' AS entity_id FROM n;
         CREATE TABLE state_attributes (attributes_id INTEGER, shared_attrs TEXT);
         CREATE TABLE states (state_id INTEGER, metadata_id INTEGER, attributes_id INTEGER,
           state TEXT, last_updated_ts REAL);`,
      )
      .close();
    const job = await house.bring({ path });
    expect(job).toMatchObject({ status: 'failed', problem: { code: 'unprocessable' } });
  });

  it('of before April 2023 is refused with a reason', async () => {
    const house = await openImportHouse();
    const path = join(house.directory, 'old.db');
    new Database(path).exec('CREATE TABLE states (state_id INTEGER, entity_id TEXT)').close();
    expect(await house.bring({ path })).toMatchObject({
      status: 'failed',
      problem: { message: expect.stringContaining('since April 2023') },
    });
  });
});
