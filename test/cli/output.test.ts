import { expect, it } from 'vitest';
import { durationWords } from '../../src/cli/ago.ts';
import { progressLine } from '../../src/cli/progress.ts';
import { sparklinesOf } from '../../src/cli/query.ts';
import { durationText, intervalFor, sparkline } from '../../src/cli/sparkline.ts';
import { bytes, list, printable, table } from '../../src/cli/table.ts';
import { banner, welcome } from '../../src/cli/welcome.ts';

const rows = [
  ['plug-1', 'Coffee maker', 3],
  ['plug-2', null, 12],
];

it('lines up a table, numbers to the right', () => {
  expect(`\n${table(['id', 'name', 'denied'], rows, { columns: 80 })}`).toBe(`
ID      NAME          DENIED
plug-1  Coffee maker       3
plug-2                    12`);
});

it('cuts the widest column of free text of a table that the terminal has no room for', () => {
  const long = [['plug-1', 'The coffee maker in the kitchen', 3]];
  expect(`\n${table(['id', 'name', 'denied'], long, { columns: 32, cuts: ['name'] })}`).toBe(`
ID      NAME              DENIED
plug-1  The coffee make…       3`);
});

it.each([
  [40, 'Something l…'],
  [39, 'Something long to say'],
])('never cuts what is of no use in half, and nothing in vain, in %d columns', (columns, what) => {
  const time = '2026-01-31T08:00:00.000Z';
  const row = [time, 'Something long to say'];
  const shown = table(['time', 'what'], [row], { columns: columns - 2, cuts: ['what'] });
  expect(shown).toBe(`TIME${' '.repeat(22)}WHAT\n${time}  ${what}`);
});

it.each([
  [4999, '4 s'],
  [-3000, '0 s'],
  [60_000, '1 min'],
  [7_300_000, '2 h'],
  [86_400_000 * 12.5, '12 d'],
])('says %d ms as %s', (durationMs, words) => {
  expect(durationWords(durationMs)).toBe(words);
});

it('lets no control characters through to the terminal', () => {
  expect(printable('a\u001b[2Jb\r\nc\u202Ed\u0000é→')).toBe('a·[2Jb··c·d·é→');
  expect(list({ 'a\u001b': { b: ['\u0007', 1] } })).toBe('a·  {"b":["\\u0007",1]}');
});

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [1_440_000, '1.4 MB'],
  [512_000_000_000, '512 GB'],
])('writes %d bytes as %s', (count, text) => {
  expect(bytes(count)).toBe(text);
});

it.each([
  [[0, 1, 2, 3, 4, 5, 6, 7], '▁▂▃▄▅▆▇█'],
  [[-10, null, 10], '▁ █'],
  [[5, 5, null], '▄▄ '],
  [[], ''],
])('draws %j as %s', (values, line) => {
  expect(sparkline(values)).toBe(line);
});

it('draws a line for each metric and leaves gaps where nothing was measured', () => {
  const minute = (at: number, power: number, count: number) => ({
    timestamp: new Date(at * 60_000).toISOString(),
    power_avg: power,
    power_min: power - 1,
    power_max: power + 1,
    power_count: count,
    relay_state_avg: null,
  });
  const data = [minute(10, 0, 1), minute(11, 70, 3), minute(13, 35, 1)];
  expect(sparklinesOf(data, 10 * 60_000, 14 * 60_000, 60_000)).toBe(
    'power        ▁█ ▅  min -1  avg 49  max 71',
  );
});

it.each([
  { span: 86_400_000, room: 96, interval: '15m' },
  { span: 3_600_000, room: 60, interval: '1m' },
  { span: 3_600_000, room: 50, interval: '2m' },
  { span: 10_000, room: 60, interval: '1s' },
  { span: 400 * 86_400_000, room: 10, interval: '40d' },
])('asks for $interval to show $span ms in $room columns', ({ span, room, interval }) => {
  expect(durationText(intervalFor(span, room))).toBe(interval);
});

it('draws how far a run is', () => {
  expect(progressLine({ share: 0.5, sent: 120, acknowledged: 118 })).toBe(
    '████████████░░░░░░░░░░░░  50 %  120 sent  118 acknowledged',
  );
});

it('says where the dashboard is, what to type there and what to compare', () => {
  const said = welcome({
    data: '/var/lib/hearth',
    ports: {
      http: { port: 8080 },
      https: { port: 8443 },
      mqtts: { port: 8883 },
      mqtt: undefined,
    },
    lanAddress: '192.168.1.20',
    setupCode: '3f7k-9qrt',
    caFingerprint: 'AB:CD',
  });
  expect(banner(said)).toBe(`
Hearth is up.

  Dashboard     https://192.168.1.20:8443  or here  http://localhost:8080
  Set-up code   3f7k-9qrt
  CA SHA-256    AB:CD
  MQTT (TLS)    port 8883
  Data          /var/lib/hearth
`);
});
