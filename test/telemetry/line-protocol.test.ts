import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineReader } from '../../src/telemetry/line-protocol/parse.ts';
import { microsecondsOf, readPrecision } from '../../src/telemetry/line-protocol/precision.ts';
import type { Fault, Point } from '../../src/telemetry/line-protocol/types.ts';
import type { Value } from '../../src/telemetry/types.ts';

function readAll(text: string): (Point | Fault)[] {
  const reader = new LineReader(text);
  const all: (Point | Fault)[] = [];
  for (let one = reader.next(); one !== undefined; one = reader.next()) all.push(one);
  return all;
}

const pointsOf = (text: string) =>
  readAll(text).map((one) => {
    if ('problem' in one) throw new Error(`${one.line}:${one.column} ${one.problem}`);
    return one;
  });

describe('a line', () => {
  it.each<[string, string, Partial<Point>]>([
    [
      'has a measurement, tags, fields and a time',
      'cpu,host=pi,cpu=cpu0 usage_idle=98.5,usage_user=1.5 1556813561098000000',
      {
        measurement: 'cpu',
        tags: [
          ['host', 'pi'],
          ['cpu', 'cpu0'],
        ],
        fields: [
          ['usage_idle', 98.5],
          ['usage_user', 1.5],
        ],
        time: '1556813561098000000',
      },
    ],
    ['needs neither tags nor a time', 'power value=60', { tags: [], time: undefined }],
    [
      'takes commas, spaces and equals signs after a backslash',
      'my\\ home\\,x,a\\=b=c\\ d\\,e\\=f f\\ g\\=h=1',
      { measurement: 'my home,x', tags: [['a=b', 'c d,e=f']], fields: [['f g=h', 1]] },
    ],
    [
      'leaves a backslash before anything else as it is',
      'C:\\x,path=a\\b f\\n=1',
      { measurement: 'C:\\x', tags: [['path', 'a\\b']], fields: [['f\\n', 1]] },
    ],
    [
      'has texts with commas, spaces, quotes and backslashes',
      'log m="a, b=\\"c\\" \\\\ d\\n",n=""',
      {
        fields: [
          ['m', 'a, b="c" \\ d\\n'],
          ['n', ''],
        ],
      },
    ],
    ['has texts over several lines', 'log m="a\nb" 5', { fields: [['m', 'a\nb']], time: '5' }],
    ['has an equals sign in its measurement', 'a=b,c=d e=1', { measurement: 'a=b' }],
    ['has more spaces than it needs', '  m,a=b   v=1   5  ', { measurement: 'm', time: '5' }],
    ['ends as on Windows', 'm v=1 5\r\n', { fields: [['v', 1]], time: '5' }],
    ['is not ASCII', 'büro,ort=Köln grad=21', { measurement: 'büro', tags: [['ort', 'Köln']] }],
    ['has a time before 1970', 'm v=1 -5', { time: '-5' }],
  ])('%s', (_name, text, expected) => {
    expect(pointsOf(text)).toEqual([expect.objectContaining(expected)]);
  });

  it.each<[string, Value]>([
    ['1', 1],
    ['1.', 1],
    ['.5', 0.5],
    ['-1.5e3', -1500],
    ['+2E-2', 0.02],
    ['1i', 1],
    ['-9223372036854775808i', -(2 ** 63)],
    ['18446744073709551615u', 2 ** 64],
    ...['t', 'T', 'true', 'True', 'TRUE'].map((text): [string, Value] => [text, true]),
    ...['f', 'F', 'false', 'False', 'FALSE'].map((text): [string, Value] => [text, false]),
  ])('reads the value %s', (text, value) => {
    expect(pointsOf(`m v=${text} 1`)[0]?.fields).toEqual([['v', value]]);
  });

  it.each<[string, number, string]>([
    ['cpu', 4, 'the fields are missing'],
    [',a=b v=1', 1, 'the measurement is missing'],
    ['m, v=1', 3, 'a tag has no key'],
    ['m,a v=1', 4, 'the tag "a" has no value'],
    ['m,a= v=1', 5, 'the tag "a" has no value'],
    ['m,a=b=c v=1', 6, 'an equals sign here needs a backslash'],
    ['m,a=1,a=2 v=1', 7, 'the tag "a" stands twice'],
    ['m v', 4, 'the field "v" has no value'],
    ['m v=', 5, 'the value of "v" is missing'],
    ['m =1', 3, 'a field has no key'],
    ['m v=1,', 7, 'a field has no key'],
    ['m v=text', 5, 'no number, no boolean'],
    ['m v=NaN', 5, 'no number, no boolean'],
    ['m v=0x10', 5, 'no number, no boolean'],
    ['m v=1.5i', 5, 'no number, no boolean'],
    ['m v=1e999', 5, 'too large'],
    ['m v=9223372036854775808i', 5, 'more than 64 bits'],
    ['m v=-1u', 5, 'more than 64 bits'],
    ['m v="a', 5, 'has no end'],
    ['m v="a"b', 8, 'something follows it'],
    ['m v=1 soon', 7, 'no whole number'],
    ['m v=1 1.5', 7, 'no whole number'],
    ['m v=1 5 6', 9, 'something follows the time'],
  ])('is refused as %j, at column %i', (text, column, problem) => {
    const [fault] = readAll(text) as Fault[];
    expect(fault).toMatchObject({ line: 1, column, problem: expect.stringContaining(problem) });
  });

  it('is refused alone: those around it are read, and lines are counted as they stand', () => {
    const text = '# a comment\n\nm v=1 1\nbroken\nm v="open\nm v="a\nb" 2\n\nm v=3 3';
    expect(readAll(text).map((one) => [one.line, 'problem' in one])).toEqual([
      [3, false],
      [4, true],
      [5, true],
      [6, false],
      [9, false],
    ]);
  });
});

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => !/[\\\p{Cc}"#]/u.test(text));
const escaped = (text: string) => text.replaceAll(/[,= ]/g, '\\$&');
const value: fc.Arbitrary<Value> = fc.oneof(
  // A zero is spelled without its sign.
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => one + 0),
  fc.boolean(),
  fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !text.includes('\r')),
);
const spelled = (one: Value) =>
  typeof one === 'string' ? `"${one.replaceAll(/["\\]/g, '\\$&')}"` : String(one);
const anyPoint = fc.record({
  measurement: name.map((text) => text.replaceAll('=', '')).filter((text) => text !== ''),
  tags: fc.uniqueArray(fc.tuple(name, name), { selector: ([key]) => key, maxLength: 4 }),
  fields: fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 4 }),
  time: fc.option(fc.bigInt({ min: 0n, max: 2n ** 62n }).map(String), { nil: undefined }),
});
type AnyPoint = typeof anyPoint extends fc.Arbitrary<infer One> ? One : never;
const lineOf = ({ measurement, tags, fields, time }: AnyPoint): string => {
  const head = [escaped(measurement), ...tags.map((pair) => pair.map(escaped).join('='))];
  const body = fields.map(([key, one]) => `${escaped(key)}=${spelled(one)}`);
  return `${head.join(',')} ${body.join(',')}${time === undefined ? '' : ` ${time}`}`;
};

describe('any text', () => {
  it('that was written as line protocol is read as it was meant', () => {
    fc.assert(
      fc.property(fc.array(anyPoint, { maxLength: 6 }), (points) => {
        const read = pointsOf(points.map(lineOf).join('\n'));
        expect(read.map(({ line: _, ...point }) => point)).toEqual(points);
      }),
    );
  });

  it('is read to its end, every line at most once, and nothing is thrown', () => {
    const soup = fc.string({ unit: fc.constantFrom(...'m,a= v1"\\\n\r#.i-eé'), maxLength: 200 });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), soup), (text) => {
        const lines = readAll(text).map(({ line }) => line);
        expect(lines).toEqual([...new Set(lines)].sort((a, b) => a - b));
        expect(lines.length).toBeLessThanOrEqual(text.split('\n').length);
      }),
    );
  });

  it('says the same in pieces as in one', () => {
    fc.assert(
      fc.property(
        fc.array(anyPoint, { maxLength: 5 }),
        fc.array(fc.nat(80), { maxLength: 8 }),
        (points, cuts) => {
          const text = `${points.map(lineOf).join('\r\n')}\nbroken`;
          const read: (Point | Fault)[] = [];
          let rest = '';
          let line = 1;
          let at = 0;
          for (const cut of [...cuts, text.length]) {
            const isWhole = at + cut >= text.length;
            const reader = new LineReader(rest + text.slice(at, at + cut), { isWhole, line });
            at += cut;
            for (let one = reader.next(); one !== undefined; one = reader.next()) read.push(one);
            ({ rest, line } = reader);
            if (isWhole) break;
          }
          expect(read).toEqual(readAll(text));
        },
      ),
    );
  });

  it('takes time in proportion to its length, however it is made', () => {
    for (const line of ['m v="\n', 'm v="\\"\n', 'm v="\\\\\n', `${'\\'.repeat(60)}\n`, 'm,a=\n']) {
      const text = line.repeat(1_000_000 / line.length);
      const begun = performance.now();
      readAll(text);
      expect(performance.now() - begun).toBeLessThan(5000);
    }
  });

  it.each(['m v=DIGITSx', 'm v=1.DIGITSx', 'm v=DIGITS.DIGITS.', 'm v=1eDIGITSx', 'm v=1 DIGITS'])(
    'does so of a number without an end: %s',
    (line) => {
      const begun = performance.now();
      expect(readAll(line.replaceAll('DIGITS', '1'.repeat(200_000)))).toMatchObject([{ line: 1 }]);
      expect(performance.now() - begun).toBeLessThan(2000);
    },
  );
});

describe('a time', () => {
  it.each([
    ['ns', '1556813561098000999', 1556813561098000],
    ['n', '1556813561098000000', 1556813561098000],
    ['us', '1556813561098001', 1556813561098001],
    ['u', '1556813561098001', 1556813561098001],
    ['ms', '1556813561098', 1556813561098000],
    ['s', '1556813561', 1556813561000000],
    ['m', '25946892', 1556813520000000],
    ['h', '432448', 1556812800000000],
    [undefined, '1556813561098000000', 1556813561098000],
  ])('in %s is read to the microsecond', (spelling, digits, timeUs) => {
    expect(microsecondsOf(digits, readPrecision(spelling) ?? 'ns')).toBe(timeUs);
  });

  it('in a unit that there is not is none', () => {
    expect(['weeks', 'toString', 'S'].map(readPrecision)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
