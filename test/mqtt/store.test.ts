import { cp, open, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import levelPersistence from 'aedes-persistence-level';
import { ClassicLevel } from 'classic-level';
import fc from 'fast-check';
import { describe, expect, it, type Mock, vi } from 'vitest';
import { HearthError, silentLog, systemClock } from '#kernel';
import type { StoreIncident } from '#mqtt';
import { Counters } from '../../src/mqtt/counters.ts';
import { Subscriptions } from '../../src/mqtt/routing/subscriptions.ts';
import type { Session } from '../../src/mqtt/sessions/session.ts';
import { Sessions } from '../../src/mqtt/sessions/sessions.ts';
import { GroupedLevel } from '../../src/mqtt/store/grouped-level.ts';
import { HighWaterMark } from '../../src/mqtt/store/high-water.ts';
import { openStore } from '../../src/mqtt/store/open.ts';
import { temporaryDirectory } from '../support/directory.ts';
import {
  connect,
  publish,
  RawClient,
  readPublish,
  roomyLimits,
  startBroker,
  subscribe,
} from './harness.ts';

async function openAt(directory: string) {
  const incidents: StoreIncident[] = [];
  const onIncident = (incident: StoreIncident) => void incidents.push(incident);
  const store = await openStore({ directory, clock: systemClock, log: silentLog, onIncident });
  return { store, incidents };
}

const everything = { gte: '', lt: '~' };

async function contents(store: GroupedLevel): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const [key, value] of store.entries(everything)) found[key] = value.toString();
  return found;
}

describe('the store', () => {
  it('reads what was written, on disk or on its way there', async () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.record({ do: fc.constant('put' as const), key, value: fc.string() }),
      fc.record({ do: fc.constant('del' as const), key }),
      fc.record({ do: fc.constant('wait' as const) }),
      fc.record({ do: fc.constant('get' as const), key }),
      fc.record({ do: fc.constant('list' as const) }),
    );
    const { store } = await openAt(await temporaryDirectory());
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        await store.clear(everything);
        const model = new Map<string, string>();
        for (const one of steps) {
          if (one.do === 'put') {
            model.set(one.key, one.value);
            void store.put(one.key, Buffer.from(one.value));
          } else if (one.do === 'del') {
            model.delete(one.key);
            void store.del(one.key);
          } else if (one.do === 'get') {
            expect((await store.get(one.key))?.toString()).toBe(model.get(one.key));
          } else if (one.do === 'list') {
            expect(await contents(store)).toEqual(Object.fromEntries(model));
          } else {
            await store.settled();
          }
        }
      }),
      { numRuns: 50 },
    );
    await store.close();
  });

  it('shares a sync among the writes of a turn', async () => {
    const directory = await temporaryDirectory();
    const { store } = await openAt(directory);
    await Promise.all(Array.from({ length: 500 }, (_, i) => store.put(`k${i}`, Buffer.from('x'))));
    await store.close();
    expect(Number(await readFile(join(directory, 'store.high-water'), 'utf8'))).toBeLessThan(5);
  });

  it('writes nothing without a sync', async () => {
    const directory = await temporaryDirectory();
    const mark = new HighWaterMark(join(directory, 'mark'), silentLog);
    await mark.open();
    const fail = () => expect.unreachable();
    const db = new ClassicLevel<string, Buffer>(join(directory, 'store'), {
      valueEncoding: 'buffer',
    });
    const batches = vi.spyOn(db, 'batch') as Mock<(...parameters: unknown[]) => unknown>;
    const store = new GroupedLevel(db, { mark, writes: 0, onFailure: fail, onDamage: fail });
    await store.put('a', Buffer.from('x'));
    await Promise.all([
      store.del('a'),
      store.batch([{ type: 'put', key: 'b', value: Buffer.from('x') }]),
    ]);
    await store.close();
    expect(batches.mock.calls.map(([, how]) => how)).toEqual([{ sync: true }, { sync: true }]);
  });

  it('refuses a directory that another hub has open', async () => {
    const directory = await temporaryDirectory();
    const { store } = await openAt(directory);
    await expect(openAt(directory)).rejects.toMatchObject({ code: 'already_running' });
    await store.close();
  });

  it('refuses a directory that cannot be made, and says which', async () => {
    const file = join(await temporaryDirectory(), 'file');
    await writeFile(file, '');
    const error = await openAt(join(file, 'mqtt')).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(HearthError);
    expect(error).toMatchObject({ code: 'data_directory', message: expect.stringContaining(file) });
  });
});

describe('a damaged store', () => {
  /** A closed store of 200 values, most of them in its log file. */
  async function written(): Promise<string> {
    const directory = await temporaryDirectory();
    const { store } = await openAt(directory);
    for (let i = 0; i < 200; i++) await store.put(`k${i}`, Buffer.from(`value ${i}`));
    await store.close();
    return directory;
  }

  async function file(directory: string, pattern: RegExp): Promise<string> {
    const name = (await readdir(join(directory, 'store'))).find((entry) => pattern.test(entry));
    return join(directory, 'store', name as string);
  }

  async function patch(path: string, change: (bytes: Buffer) => void): Promise<void> {
    const bytes = await readFile(path);
    change(bytes);
    await writeFile(path, bytes);
  }

  const flip = (at: number) => (bytes: Buffer) => {
    bytes[at] = (bytes[at] as number) ^ 1;
  };

  const log = /\.log$/;

  it.each<[string, (directory: string) => Promise<void>]>([
    ['whose log is cut short', async (d) => truncate(await file(d, log), 3000)],
    ['whose log is empty', async (d) => truncate(await file(d, log), 0)],
    [
      'whose log ends in zeros',
      async (d) => patch(await file(d, log), (b) => void b.fill(0, 2000)),
    ],
    ['with a flipped bit in its log', async (d) => patch(await file(d, log), flip(900))],
    [
      'whose manifest is garbage',
      async (d) => patch(await file(d, /^MANIFEST/), (b) => void b.fill(255)),
    ],
    ['whose manifest is empty', async (d) => truncate(await file(d, /^MANIFEST/), 0)],
    ['without a pointer to its manifest', async (d) => writeFile(join(d, 'store', 'CURRENT'), '')],
    [
      'whose pointer goes nowhere',
      async (d) => writeFile(join(d, 'store', 'CURRENT'), 'MANIFEST-999999\n'),
    ],
  ])('%s opens, keeps nothing false, and tells of what is lost', async (_name, damage) => {
    const directory = await written();
    await damage(directory);
    const { store, incidents } = await openAt(directory);
    const found = await contents(store);
    for (const [key, value] of Object.entries(found)) expect(value).toBe(`value ${key.slice(1)}`);
    if (Object.keys(found).length < 200) expect(incidents).not.toEqual([]);
    expect(incidents.every(({ kind }) => kind === 'mqtt_store_damaged')).toBe(true);
    await store.put('new', Buffer.from('x'));
    await store.close();
    // It is told once: what is left is sound.
    const again = await openAt(directory);
    expect(again.incidents).toEqual([]);
    expect(Object.keys(await contents(again.store))).toHaveLength(Object.keys(found).length + 1);
    await again.store.close();
  });

  it('with a flipped bit in a table is found by its checksum', async () => {
    const directory = await written();
    // Opened once more, so that the log becomes a table.
    await (await openAt(directory)).store.close();
    const table = await file(directory, /\.ldb$/);
    await patch(table, flip(200));
    const { store, incidents } = await openAt(directory);
    const found = await contents(store);
    for (const [key, value] of Object.entries(found)) expect(value).toBe(`value ${key.slice(1)}`);
    expect(incidents).not.toEqual([]);
    await store.close();
  });

  it('with a value that changed under LevelDB is found by its own checksum', async () => {
    const directory = await written();
    const db = new ClassicLevel<string, Buffer>(join(directory, 'store'), {
      valueEncoding: 'buffer',
    });
    const value = (await db.get('k7')) as Buffer;
    flip(value.length - 1)(value);
    await db.put('k7', value);
    await db.close();
    const { store, incidents } = await openAt(directory);
    expect(await store.get('k7')).toBeUndefined();
    expect((await store.get('k8'))?.toString()).toBe('value 8');
    expect(incidents).toHaveLength(1);
    await store.close();
  });

  it('beyond repair is set aside, and the hub starts with an empty one', async () => {
    const directory = await written();
    const handle = await open(join(directory, 'store', 'CURRENT'), 'r+');
    await handle.close();
    for (const name of await readdir(join(directory, 'store'))) {
      await truncate(join(directory, 'store', name), 0);
    }
    const { store, incidents } = await openAt(directory);
    expect(await contents(store)).toEqual({});
    expect(incidents).not.toEqual([]);
    await store.close();
  });
});

describe('after a power cut right behind PUBACK', () => {
  /** What the disk holds at this instant: the broker goes on, its copy was never closed. */
  async function cutPower(directory: string): Promise<string> {
    const copy = await temporaryDirectory();
    await cp(directory, copy, { recursive: true, filter: (path) => !path.endsWith('LOCK') });
    return copy;
  }

  it('retained and queued messages are there', async () => {
    const before = await startBroker();
    const away = await RawClient.connected(before.port, { clientId: 'away', clean: false });
    away.send(subscribe(1, ['queued/#', 1]));
    await away.packet();
    away.socket.destroy();
    await away.closed();
    const writer = await RawClient.connected(before.port, { clientId: 'writer' });
    for (let i = 1; i <= 20; i++) {
      writer.send(publish(`queued/${i}`, `${i}`, { qos: 1, id: i, retain: i % 2 === 0 }));
      await writer.packet();
    }
    const { port, incidents } = await startBroker({ directory: await cutPower(before.directory) });
    expect(incidents).toEqual([]);
    const again = await RawClient.open(port);
    again.send(connect({ clientId: 'away', clean: false }));
    expect(await again.take(4)).toBe('20020100');
    const queued: string[] = [];
    for (let i = 0; i < 20; i++) queued.push(readPublish(await again.packet()).payload);
    expect(queued).toEqual(Array.from({ length: 20 }, (_, i) => `${i + 1}`));
    const reader = await RawClient.connected(port, { clientId: 'reader' });
    reader.send(subscribe(1, ['queued/#', 0]));
    await reader.packet();
    const retained = new Set<string>();
    for (let i = 0; i < 10; i++) retained.add(readPublish(await reader.packet()).topic);
    expect(retained.size).toBe(10);
  });

  it('wills of those who were connected are published', async () => {
    const before = await startBroker();
    const away = await RawClient.connected(before.port, { clientId: 'away', clean: false });
    away.send(subscribe(1, ['will', 1]));
    await away.packet();
    const will = { topic: 'will', payload: 'gone', qos: 1 };
    await RawClient.connected(before.port, { clientId: 'c', username: 'name', will });
    const copy = await cutPower(before.directory);
    const { port, gate } = await startBroker({ directory: copy });
    const again = await RawClient.connected(port, { clientId: 'away', clean: false });
    expect((await again.packet()).subarray(-4).toString()).toBe('gone');
    expect(gate.denials).toEqual([]);
  });
});

it('tells whoever deletes a session that the store fails, and does not end the hub', async () => {
  const { store } = await openAt(await temporaryDirectory());
  const records = levelPersistence(store);
  const subscriptions = new Subscriptions<Session>();
  const counters = new Counters();
  const parts = { level: store, records, subscriptions, counters };
  const sessions = new Sessions({ ...parts, limits: roomyLimits, clock: systemClock });
  await sessions.attach('c', { kind: 'service', name: 'nodered' }, false);
  vi.spyOn(records, 'removeSubscriptions').mockRejectedValue(new Error('the disk is full'));
  await expect(sessions.discard('c')).rejects.toThrow('the disk is full');
});
