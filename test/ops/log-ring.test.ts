import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { createLog } from '#kernel';
import { LogRing } from '#ops';

const messages = (ring: LogRing, limit = 10_000, level: 'trace' | 'warn' = 'trace') =>
  ring.tail(limit, level).map(({ json }) => JSON.parse(json).msg);

it.each([false, true])(
  'gets every line as JSON beside the log that is shown (pretty: %s)',
  async (pretty) => {
    const ring = new LogRing();
    let shown = '';
    const destination = new Writable({
      write(chunk, _encoding, done) {
        shown += chunk;
        done();
      },
    });
    const log = await createLog({ level: 'debug', pretty, destination, copy: ring });
    log.trace('too quiet');
    log.debug('quiet');
    log.error({ token: 'secret' }, 'loud');
    expect(messages(ring)).toEqual(['quiet', 'loud']);
    expect(messages(ring, 10, 'warn')).toEqual(['loud']);
    expect(JSON.stringify(ring.tail(10, 'trace'))).not.toContain('secret');
    if (!pretty) expect(shown).toContain('"msg":"loud"');
  },
);

it('keeps the last two thousand lines and cuts those that are too long', () => {
  const ring = new LogRing();
  for (let i = 0; i < 2100; i++) ring.write(`{"level":"info","msg":"${i}"}\n`);
  ring.write(`{"level":"warn","msg":"${'x'.repeat(20_000)}","more":1}\n`);
  const kept = ring.tail(10_000, 'trace');
  expect(kept).toHaveLength(2000);
  expect(messages(ring)[0]).toBe('101');
  expect(kept.at(-1)?.json.length).toBeLessThan(2000);
});

it('leaves out what is not a line of the log', () => {
  const ring = new LogRing();
  ring.write('node: warning\n{"level":"shout"}\n{"level":"info","msg":"fine"}\n');
  expect(messages(ring)).toEqual(['fine']);
});

it('tells followers until they have heard enough', () => {
  const ring = new LogRing();
  const heard: string[] = [];
  const stop = ring.follow(({ json }) => heard.push(json));
  ring.write('{"level":"info","msg":"a"}\n');
  stop();
  ring.write('{"level":"info","msg":"b"}\n');
  expect(heard).toEqual(['{"level":"info","msg":"a"}']);
});
