import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OpenAPIHono } from '@hono/zod-openapi';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Caller, type HearthEnv, localCaller, type Role } from '#auth';
import { openDatabase } from '#db';
import { isHearthError, silentLog } from '#kernel';
import { Secrets } from '#secrets';
import type { Aggregate, Sample, TelemetryQuery, TelemetryRow } from '../../src/telemetry/types.ts';
import { checksumOf, decodeBatch, encodeBatch } from '../../src/telemetry/worker/codec.ts';
import { temporaryDirectory } from '../support/directory.ts';
import {
  type Bench,
  noonUs,
  secondUs,
  send,
  startTelemetry,
  stopTelemetry,
  store,
} from './support.ts';

/** A number that nothing else in a data directory looks like. */
const secret = 73.4182936;
const text = 'Zwiebelturm';
const seen = { sensitive: true };

async function startWatch(directory: string, sensitive: Iterable<string> = ['spo2', 'note']) {
  const secrets = new Secrets({ keyPath: join(directory, '../hearth.key'), log: silentLog });
  await secrets.start();
  const declared = new Set(sensitive);
  const sensitiveOf = (id: string) => (id === 'watch' ? declared : new Set<string>());
  const bench = await startTelemetry({ directory, vault: secrets, sensitiveOf });
  return { ...bench, secrets, declared };
}

/** A data directory; its key file lies beside it, so that nothing in it opens what is sealed. */
async function home(): Promise<string> {
  const directory = join(await temporaryDirectory(), 'data');
  mkdirSync(directory);
  return directory;
}

async function rows(
  { telemetry }: Bench,
  query: Partial<TelemetryQuery> = {},
  reader = seen,
): Promise<TelemetryRow[]> {
  const span = { deviceId: 'watch', startUs: noonUs - 86_400e6, endUs: noonUs + 86_400e6 };
  const all: TelemetryRow[] = [];
  for await (const page of telemetry.query({ ...span, ...query }, reader)) all.push(...page);
  return all;
}

const isoAt = (seconds: number) => new Date(noonUs / 1000 + seconds * 1000).toISOString();
const reading = (seconds: number, values: object) => ({ ...values, timestamp: isoAt(seconds) });

/** All that lies in a directory, as bytes. */
function bytesIn(directory: string): Buffer {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true });
  return Buffer.concat(
    files.flatMap((file) =>
      file.isFile() ? [readFileSync(join(file.parentPath, file.name))] : [],
    ),
  );
}

/** Gives the readings of the one batch in a journal each other's times. */
function swapTimes(path: string): void {
  const db = openDatabase(path);
  const body = db.prepare('SELECT body FROM batches').pluck().get() as Buffer;
  const { points, deliveries } = decodeBatch(body);
  const timesUs = points.timesUs.map((timeUs) => 2 * noonUs - 3 * secondUs - timeUs);
  const changed = encodeBatch({ points: { ...points, timesUs }, deliveries });
  db.prepare('UPDATE batches SET body = ?, checksum = ?').run(changed, checksumOf(changed));
  db.close();
}

function expectNoTrace(directory: string): void {
  const bytes = bytesIn(directory);
  const number = Buffer.alloc(8);
  number.writeDoubleLE(secret);
  const big = Buffer.alloc(8);
  big.writeDoubleBE(secret);
  for (const trace of [number, big, Buffer.from(String(secret)), Buffer.from(text)]) {
    expect(bytes.includes(trace)).toBe(false);
  }
}

describe('a sensitive metric', () => {
  it('lies nowhere as it was sent: in the journal, in sealed files, or in what was set aside', async () => {
    const directory = await home();
    const bench = await startWatch(directory);
    const deep = { spo2: secret, note: text, more: { a: { b: 1 } } };
    await store(bench.telemetry, 'watch', reading(0, { spo2: secret, note: text, steps: 4 }));
    await send(bench.telemetry, 'watch', Buffer.from(JSON.stringify(deep))).committed;
    await send(bench.telemetry, 'watch', Buffer.from(`{"spo2":${secret},`)).committed;
    bench.clock.advance(1000);
    expect(bench.telemetry.quarantine.list('watch')).toHaveLength(2);
    expectNoTrace(directory);
    await bench.telemetry.seal();
    expect(bytesIn(directory).includes('PAR1')).toBe(true);
    expectNoTrace(directory);
    await stopTelemetry(bench);
    expectNoTrace(directory);
  });

  it('is what the same bytes would show, were it not declared', async () => {
    const directory = await home();
    const bench = await startWatch(directory, []);
    await store(bench.telemetry, 'watch', reading(0, { spo2: secret, note: text }));
    expect(() => expectNoTrace(directory)).toThrow();
  });

  it('is there as it was sent for whoever may see it, and for nobody else', async () => {
    const directory = await home();
    const first = await startWatch(directory);
    const values = { note: text, ok: true, spo2: secret, steps: 4 };
    first.declared.add('ok');
    await store(first.telemetry, 'watch', reading(0, values));
    const whole = [{ timestamp: isoAt(0), ...values }];
    const open = [{ timestamp: isoAt(0), steps: 4 }];
    const check = async (bench: Bench) => {
      expect(await rows(bench)).toEqual(whole);
      expect(await rows(bench, {}, { sensitive: false })).toEqual(open);
      expect(await rows(bench, { fields: ['spo2'] }, { sensitive: false })).toEqual([]);
    };
    await check(first);
    await first.telemetry.seal();
    await check(first);
    await stopTelemetry(first);

    const second = await startWatch(directory);
    second.declared.add('ok');
    expect(second.telemetry.newest()).toEqual([]);
    await check(second);
    second.secrets.register('telemetry', (reseal) => second.telemetry.reseal(reseal));
    await second.secrets.rotate();
    await store(second.telemetry, 'watch', reading(1, { spo2: 1 }));
    whole.push({ timestamp: isoAt(1), spo2: 1 } as never);
    await check(second);
    await stopTelemetry(second);
    const third = await startWatch(directory);
    third.declared.add('ok');
    await check(third);
  });

  it('reaches whoever listens apart from the rest, and newest values after a start without it', async () => {
    const bench = await startWatch(await home());
    const heard: Sample[] = [];
    const told = new Promise<void>((resolve) => {
      bench.telemetry.onSample.listen((samples) => {
        heard.push(...samples);
        resolve();
      });
    });
    await store(bench.telemetry, 'watch', reading(0, { spo2: secret, steps: 4 }));
    await told;
    expect(heard).toMatchObject([{ values: { steps: 4 }, sensitive: { spo2: secret } }]);
    expect(heard[0]?.values).not.toHaveProperty('spo2');
    expect(await bench.telemetry.newestSensitive('watch')).toEqual(
      new Map([['spo2', { timeUs: noonUs, value: secret }]]),
    );
  });

  it('that was plain before is shown to as few, and opened beside what is sealed', async () => {
    const bench = await startWatch(await home(), []);
    await store(bench.telemetry, 'watch', reading(0, { spo2: 90, steps: 1 }));
    bench.declared.add('spo2');
    await store(bench.telemetry, 'watch', reading(1, { spo2: 91, steps: 2 }));
    const nobody = { sensitive: false };
    expect((await rows(bench)).map(({ spo2 }) => spo2)).toEqual([90, 91]);
    expect((await rows(bench, {}, nobody)).map(({ spo2 }) => spo2)).toEqual([undefined, undefined]);
    bench.declared.clear();
    // What was kept as sensitive stays so.
    expect((await rows(bench)).map(({ spo2 }) => spo2)).toEqual([90, 91]);
    expect((await rows(bench, {}, nobody)).map(({ spo2 }) => spo2)).toEqual([90, undefined]);
    const hourly = {
      intervalMs: 3_600_000,
      fields: ['spo2'],
      aggregates: ['count', 'max'],
    } as const;
    expect(await rows(bench, hourly)).toMatchObject([{ spo2_count: 2, spo2_max: 91 }]);
    expect(await rows(bench, hourly, nobody)).toMatchObject([{ spo2_count: 1, spo2_max: 90 }]);
  });

  it('that who has the disk moves to another time is no value, and nothing else is lost', async () => {
    const directory = await home();
    const bench = await startWatch(directory);
    const sent = [reading(-2, { spo2: 90, steps: 1 }), reading(-1, { spo2: 91, steps: 2 })];
    await store(bench.telemetry, 'watch', sent);
    await stopTelemetry(bench);
    swapTimes(join(directory, 'telemetry', 'journal.db'));
    const again = await startWatch(directory);
    expect(await rows(again)).toEqual([
      { timestamp: isoAt(-2), spo2: null, steps: 2 },
      { timestamp: isoAt(-1), spo2: null, steps: 1 },
    ]);
    expect((await again.telemetry.newestSensitive('watch')).size).toBe(0);
  });

  it('is refused by name where there is no key to keep it with', async () => {
    const bench = await startTelemetry({
      directory: await home(),
      sensitiveOf: () => new Set(['spo2']),
    });
    const receipt = send(bench.telemetry, 'watch', { spo2: 90, steps: 3 });
    expect(receipt.rejected).toEqual([
      { index: 0, field: 'spo2', reason: expect.stringContaining('no key') },
    ]);
    await receipt.committed;
    expect(await rows(bench)).toMatchObject([{ steps: 3 }]);
  });
});

describe('sums of a sensitive metric', () => {
  const aggregates: readonly Aggregate[] = ['avg', 'min', 'max', 'sum', 'count', 'first', 'last'];
  /** Rounded, and without the columns that have no value: where they appear is a matter of pages. */
  const near = (row: object) =>
    Object.fromEntries(
      Object.entries(row).flatMap(([name, value]) =>
        value === null
          ? []
          : [[name, typeof value === 'number' ? Number(value.toPrecision(9)) : value]],
      ),
    );

  it('are those of the same metric that is not, in every bucket and order', async () => {
    const bench = await startWatch(await home(), ['a', 'note']);
    const plain = await startWatch(await home(), []);
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            seconds: fc.integer({ min: -80_000, max: 0 }),
            a: fc.oneof(fc.integer({ min: -50, max: 50 }), fc.boolean(), fc.constant('x')),
            b: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
          }),
          { minLength: 1, maxLength: 30 },
        ),
        fc.constantFrom('asc', 'desc'),
        fc.constantFrom(undefined, 'null'),
        fc.constantFrom(60_000, 3_600_000, 86_400_000),
        async (readings, order, fill, intervalMs) => {
          const sent = readings.map(({ seconds, a, b }) =>
            reading(seconds, { a, ...(b === undefined ? {} : { b }) }),
          );
          for (const { telemetry } of [bench, plain]) await store(telemetry, 'watch', sent);
          const query = {
            intervalMs,
            aggregates,
            order,
            timeZone: 'Europe/Berlin',
            ...(fill && { fill }),
          } as const;
          const [opened, known] = [await rows(bench, query), await rows(plain, query)];
          expect(opened.map(near)).toEqual(known.map(near));
          const span = { deviceId: 'watch', startUs: noonUs - 86_400e6, endUs: noonUs + 86_400e6 };
          const sums = await bench.telemetry.statistics(span, seen);
          const same = await plain.telemetry.statistics(span, seen);
          expect(near(sums.metrics.a ?? {})).toEqual(near(same.metrics.a ?? {}));
          expect(sums.metrics.b).toEqual(same.metrics.b);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('make energy of power in watts, and nothing of it for whoever may not see it', async () => {
    const bench = await startWatch(await home(), ['power']);
    const plain = await startWatch(await home(), []);
    const sent = [0, 300, 600, 3600, 3700].map((at) => reading(at - 4000, { power: 100 + at }));
    for (const { telemetry } of [bench, plain]) await store(telemetry, 'watch', sent);
    const span = { deviceId: 'watch', startUs: noonUs - 86_400e6, endUs: noonUs };
    const known = await plain.telemetry.statistics(span);
    const opened = await bench.telemetry.statistics(span, seen);
    expect(opened.energyKwh).toBeCloseTo(known.energyKwh ?? 0, 9);
    expect(await bench.telemetry.statistics(span)).toEqual({ metrics: {}, energyKwh: null });
  });

  it('are refused where too much would have to be opened', async () => {
    const bench = await startWatch(
      await home(),
      Array.from({ length: 64 }, (_, n) => `m${n}`),
    );
    const values = Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`m${n}`, n]));
    for (let batch = 0; batch < 4; batch++) {
      const sent = Array.from({ length: 800 }, (_, n) => reading(-batch * 800 - n, values));
      await send(bench.telemetry, 'watch', sent).committed;
      bench.clock.advance(20_000);
    }
    const query = { intervalMs: 86_400_000 };
    await expect(rows(bench, query)).rejects.toMatchObject({
      code: 'unprocessable',
      field: 'start',
    });
    expect(await rows(bench, { ...query, fields: ['m1', 'm2'] })).toHaveLength(1);
  }, 60_000);
});

describe('over HTTP', () => {
  const person = (role: Role): Caller => ({
    kind: 'person',
    id: role,
    name: role,
    role,
    sessionId: 's',
  });

  async function start() {
    const bench = await startWatch(await home());
    await store(bench.telemetry, 'watch', reading(0, { spo2: secret, steps: 4 }));
    const open = { timeUs: noonUs, values: { steps: 4 } };
    Object.assign(bench.telemetry.devices, { latest: () => open });
    const ask = async (path: string, caller: Caller) => {
      const api = new OpenAPIHono<HearthEnv>();
      api.use(async (context, next) => {
        context.set('caller', caller);
        await next();
      });
      api.onError((error, context) =>
        context.json({ code: isHearthError(error) ? error.code : 'bug' }, 500),
      );
      bench.telemetry.routes(api);
      return api.request(`/devices/watch${path}`);
    };
    const text = async (path: string, caller: Caller) => (await ask(path, caller)).text();
    return { ...bench, ask, text };
  }

  it.each<[string, Caller, boolean]>([
    ['the machine’s owner', localCaller, true],
    ['an owner', person('owner'), true],
    ['an admin', person('admin'), true],
    ['a member', person('member'), false],
    ['a service', { kind: 'token', id: 't', name: 't', role: 'service' }, false],
    [
      'an owner’s token without that scope',
      { kind: 'token', id: 't', name: 't', role: 'owner', scopes: ['telemetry.read'] },
      false,
    ],
    [
      'an owner’s token with that scope',
      {
        kind: 'token',
        id: 't',
        name: 't',
        role: 'owner',
        scopes: ['telemetry.read', 'telemetry.sensitive'],
      },
      true,
    ],
  ])('%s: %#', async (_, caller, isShown) => {
    const { ask, text } = await start();
    const span = `start=${isoAt(-60)}&end=${isoAt(60)}`;
    const paths = [
      `/telemetry?${span}`,
      `/telemetry?${span}&format=csv`,
      `/telemetry?${span}&interval=1m`,
      `/telemetry?${span}&interval=1m&format=csv&agg=last`,
      `/statistics?${span}`,
    ];
    for (const path of paths) {
      const answer = await text(path, caller);
      expect(answer).toContain('steps');
      expect(answer.includes('73.41')).toBe(isShown);
      if (path.includes('csv')) expect(answer.includes('spo2')).toBe(isShown);
      else if (!isShown) expect(JSON.parse(answer).withheld).toEqual(['note', 'spo2']);
    }
    const latest = await ask('/telemetry/latest', caller);
    expect(latest.headers.get('hearth-withheld')).toBe(isShown ? null : 'note, spo2');
    expect(await latest.json()).toEqual({
      device_id: 'watch',
      timestamp: isoAt(0),
      steps: 4,
      ...(isShown && { spo2: secret }),
    });
  });
});
