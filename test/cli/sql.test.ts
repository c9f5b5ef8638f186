import { Readable } from 'node:stream';
import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { CommandLine, listenOnSocket } from './command-line.ts';

const answer = {
  columns: [
    { name: 'device_id', type: 'VARCHAR' },
    { name: 'n', type: 'BIGINT' },
  ],
  rows: [
    ['plug-1', 12],
    ['say "hi", Anna', null],
  ],
  truncated: false,
  elapsed_ms: 3,
};

async function open(body: object = answer) {
  const at = await CommandLine.open();
  const asked: unknown[] = [];
  const api = new Hono().post('/sql', async (context) => {
    asked.push(await context.req.json());
    return context.json(body);
  });
  await listenOnSocket(at.directory, api);
  return { at, asked };
}

it('shows rows as a table', async () => {
  const { at, asked } = await open();
  expect(await at.run('sql', 'select 1')).toBe(0);
  expect(asked).toEqual([{ sql: 'select 1' }]);
  expect(at.output.text).toBe('DEVICE_ID        N\nplug-1          12\nsay "hi", Anna\n');
});

it('writes CSV and JSON', async () => {
  const { at, asked } = await open();
  expect(await at.run('sql', 'select 1', '--format', 'csv', '--limit', '7')).toBe(0);
  expect(at.output.text).toBe('device_id,n\r\nplug-1,12\r\n"say ""hi"", Anna",\r\n');
  expect(asked).toEqual([{ sql: 'select 1', limit: 7 }]);

  at.output.text = '';
  expect(await at.run('sql', 'select 1', '--format', 'json')).toBe(0);
  expect(JSON.parse(at.output.text)).toEqual(answer);
  at.output.text = '';
  expect(await at.run('--json', 'sql', 'select 1')).toBe(0);
  expect(JSON.parse(at.output.text)).toEqual(answer);
});

it('takes a statement that is piped in', async () => {
  const { at, asked } = await open();
  at.input = Readable.from(['select\n  2\n']);
  expect(await at.run('sql', '-')).toBe(0);
  expect(asked).toEqual([{ sql: 'select\n  2\n' }]);
});

it('says when there is nothing, and when there is more', async () => {
  const none = await open({ ...answer, rows: [] });
  expect(await none.at.run('sql', 'select 1')).toBe(0);
  expect(none.at.output.text).toBe('No rows.\n');

  const more = await open({ ...answer, truncated: true });
  expect(await more.at.run('sql', 'select 1')).toBe(0);
  expect(more.at.errors.text).toBe(
    'There are more than these 2: --limit shows more, up to 100000.\n',
  );
});

it('refuses a limit that is none', async () => {
  const { at, asked } = await open();
  expect(await at.run('sql', 'select 1', '--limit', 'many')).not.toBe(0);
  expect(at.errors.text).toContain('--limit is "many"');
  expect(asked).toEqual([]);
});

it('shows the place of an error under the statement, and a plan as it is drawn', async () => {
  const at = await CommandLine.open();
  const detail = 'Parser Error: syntax error\n\nLINE 1: select form\n               ^';
  const plan = { ...answer, rows: [['physical_plan', '┌──┐\n└──┘']] };
  const columns = ['explain_key', 'explain_value'].map((name) => ({ name, type: 'VARCHAR' }));
  const api = new Hono().post('/sql', async (context) => {
    const { sql } = (await context.req.json()) as { sql: string };
    if (sql.startsWith('explain')) return context.json({ ...plan, columns });
    return context.json({ code: 'unprocessable', detail, field: 'sql' }, 422);
  });
  await listenOnSocket(at.directory, api);
  expect(await at.run('sql', 'select form')).not.toBe(0);
  expect(at.errors.text).toBe(
    'LINE 1: select form\n               ^\nhearth: Parser Error: syntax error.\n',
  );
  expect(await at.run('sql', 'explain select 1')).toBe(0);
  expect(at.output.text).toBe('┌──┐\n└──┘\n');
});
