import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Action } from '#auth';
import { HearthError } from '#kernel';
import type { SqlDevice } from '../../src/telemetry/sql/tables.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { openDesk } from './sql-support.ts';
import { store } from './support.ts';

const secret = 'what-nobody-may-read';

/** A home with a key file beside its history, and a file that anyone may read. */
async function home() {
  const directory = await temporaryDirectory();
  writeFileSync(join(directory, 'hearth.key'), secret);
  writeFileSync(join(directory, 'table.csv'), `a,b\n${secret},2\n`);
  const desk = await openDesk({ directory });
  await store(desk.telemetry, 'plug-1', { power: 12 });
  await desk.telemetry.seal();
  return desk;
}

describe('what is on the machine is not read', () => {
  const attempts = [
    "select * from read_text('/etc/passwd')",
    "select * from read_blob('/etc/passwd')",
    "select * from read_text('DIR/hearth.key')",
    "select * from read_csv('DIR/table.csv')",
    "select * from 'DIR/table.csv'",
    "from 'DIR/table.csv'",
    "select * from sniff_csv('DIR/table.csv')",
    "select * from read_json('/proc/self/environ')",
    "select * from read_parquet('DIR/hearth.db')",
    "select * from parquet_metadata('DIR/other.parquet')",
    "select * from glob('/*')",
    "select * from read_text('file:///etc/passwd')",
    "select * from read_text('https://example.com/')",
    "select * from read_csv('http://127.0.0.1:PORT/')",
    "select * from read_parquet('s3://bucket/file')",
    "select * from telemetry where text = (select content from read_text('DIR/hearth.key'))",
    "explain analyze select * from read_text('DIR/hearth.key')",
    "select * from query('select * from read_text(''DIR/hearth.key'')')",
    "select * from json_execute_serialized_sql(json_serialize_sql('select * from glob(''/*'')'))",
    "describe select * from glob('/*')",
    'select * from arrow_scan(1, 1, 1)',
    "select getenv('HOME')",
    "select * from enable_logging('QueryLog', storage = 'file', storage_path = 'DIR/log')",
  ];
  it('neither files nor addresses nor the environment', async () => {
    const desk = await home();
    let visits = 0;
    const server = createServer((socket) => {
      visits++;
      socket.destroy();
    }).listen(0);
    const { port } = server.address() as { port: number };
    for (const attempt of attempts) {
      const statement = attempt.replaceAll('DIR', desk.directory).replaceAll('PORT', String(port));
      const error = await desk.refusal(statement);
      expect(error, attempt).toBeInstanceOf(HearthError);
      expect(error.code, attempt).toBe('unprocessable');
      expect(error.field).toBe('sql');
      expect(`${error.message} ${error.hint}`, attempt).not.toContain(desk.directory);
      expect(`${error.message} ${error.hint}`, attempt).not.toContain(secret);
    }
    server.close();
    expect(visits).toBe(0);
    expect(existsSync(join(desk.directory, 'log'))).toBe(false);
    expect(desk.audited).toHaveLength(attempts.length);
    expect(await desk.rows('select value from telemetry')).toEqual([[12]]);
  });
});

describe('what the views hide is not read behind them', () => {
  it('as the files that they are made of', async () => {
    const desk = await home();
    const folder = join(desk.directory, 'telemetry', 'raw');
    const [name] = readdirSync(folder).filter((one) => one.endsWith('.parquet'));
    const file = join(folder, name as string);
    for (const attempt of [
      `select * from '${file}', telemetry`,
      `select * from "${file}", telemetry`,
      `with a as (from '${file}') select * from a, telemetry`,
      `select * from telemetry where exists (from '${file}')`,
      `explain analyze select * from '${file}', telemetry`,
    ]) {
      expect((await desk.refusal(attempt)).message, attempt).toMatch(/reads no files/);
    }
  });

  it('where an explanation would not be looked at', async () => {
    const desk = await home();
    const { message } = await desk.refusal(
      "explain (select ') select 1 --' from duckdb_settings())",
    );
    expect(message).not.toMatch(/^answered/);
  });

  it('as what a metric was before it became sensitive, where a token leaves that out', async () => {
    const sensitive = new Set<string>();
    const desk = await openDesk({
      sensitiveOf: () => sensitive,
      devices: { list: () => [{ id: 'watch' } as SqlDevice], rooms: { list: () => [] } },
    });
    await store(desk.telemetry, 'watch', { pulse: 61, steps: 5 });
    await desk.telemetry.compact();
    await store(desk.telemetry, 'watch', { pulse: 62, note: 'x' });
    sensitive.add('pulse');
    const ask = async (sql: string, scopes: Action[]) => {
      const token = { kind: 'token', id: 't', name: 'grafana', role: 'owner', scopes } as const;
      return JSON.parse((await desk.sql.query({ sql }, token)).rows);
    };
    const metrics = (table: string) => `select distinct metric from ${table} order by metric`;
    for (const [table, all] of [
      ['telemetry', ['note', 'pulse', 'steps']],
      ['rollup_1m', ['note', 'pulse', 'steps']],
      ['rollup_1d', ['note', 'pulse', 'steps']],
    ] as const) {
      const told = all.map((metric) => [metric]);
      expect(await ask(metrics(table), ['telemetry.sql', 'telemetry.sensitive'])).toEqual(told);
      expect(await ask(metrics(table), ['telemetry.sql']), table).toEqual(
        told.filter(([metric]) => metric !== 'pulse'),
      );
    }
  });
});

describe('what does more than read is refused', () => {
  const attempts = [
    "copy (select 1) to 'DIR/out.csv'",
    "copy telemetry to 'DIR/out.parquet' (format parquet)",
    "explain analyze copy (select 1) to 'DIR/out.csv'",
    "/* a */ explain (format json) copy (select 1) to 'DIR/out.csv'",
    "attach 'DIR/out.db'",
    "attach ':memory:' as other",
    "export database 'DIR/out'",
    "import database 'DIR/out'",
    'install httpfs',
    'load httpfs',
    "load 'DIR/out.duckdb_extension'",
    'set threads = 8',
    "set memory_limit = '10GB'",
    'set enable_external_access = true',
    'reset memory_limit',
    'pragma database_list',
    'pragma enable_profiling',
    "call enable_logging('QueryLog')",
    'create table t (a integer)',
    "create secret s (type s3, key_id 'a', secret 'b')",
    'create view telemetry as select 1',
    "insert into devices values ('a')",
    'update devices set id = 1',
    'delete from devices',
    'drop view telemetry',
    'truncate devices',
    'alter view telemetry rename to other',
    'begin',
    'checkpoint',
    'vacuum',
    'prepare p as select 1',
    'use memory',
    'select 1; select 2',
    "select 1; copy (select 1) to 'DIR/out.csv'",
    "with a as (insert into devices values ('a') returning id) select * from a",
    'explain analyze create table t as select 1',
    'select ?',
    '',
    ' ; -- nothing',
    'selec 1',
    'select nothing from telemetry',
  ];
  it('before anything happens', async () => {
    const desk = await home();
    for (const attempt of attempts) {
      const error = await desk.refusal(attempt.replaceAll('DIR', desk.directory));
      expect(error, attempt).toBeInstanceOf(HearthError);
      expect(error.code, attempt).toBe('unprocessable');
    }
    expect(readdirSync(desk.directory).filter((name) => name.startsWith('out'))).toEqual([]);
    expect(await desk.rows('select value from telemetry')).toEqual([[12]]);
  });

  const reasons = [
    ['copy (select 1) to $$x$$', 'COPY is not done here: SQL only reads'],
    ['-- first\nset threads = 8', 'SET is not done here: SQL only reads'],
    ['select 1; select 2', 'one statement at a time'],
    ['', 'there is no statement'],
    ['pivot telemetry on metric using avg(value)', 'PIVOT has to name its columns here'],
  ] as const;
  it('and says why', async () => {
    const desk = await openDesk();
    for (const [statement, message] of reasons) {
      expect((await desk.refusal(statement)).message).toBe(message);
    }
  });

  it("in DuckDB's words where those help", async () => {
    const desk = await openDesk();
    const { message } = await desk.refusal('select nothing from telemetry');
    expect(message).toContain('Referenced column "nothing" not found');
    expect(message).toContain('LINE 1: select nothing from telemetry');
    expect(message).toMatch(/\n +\^$/);
  });
});
