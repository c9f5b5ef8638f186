import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameSplitter } from '../../src/mqtt/wire/frames.ts';
import { encodeLength } from '../../src/mqtt/wire/packets.ts';
import { ProtocolViolation } from '../../src/mqtt/wire/violation.ts';

function split(chunks: readonly Buffer[], maximumBytes = 1000): string[] {
  const frames: string[] = [];
  const splitter = new FrameSplitter(maximumBytes, (frame, bodyStart) => {
    frames.push(
      `${frame.subarray(0, bodyStart).toString('hex')}|${frame.subarray(bodyStart).toString('hex')}`,
    );
  });
  for (const chunk of chunks) splitter.push(chunk);
  return frames;
}

const packets = fc.array(
  fc
    .tuple(
      fc.constantFrom(0x10, 0x30, 0x32, 0x3d, 0x40, 0x62, 0x82, 0xa2, 0xc0, 0xe0),
      fc.uint8Array({ maxLength: 300 }),
    )
    .map(([first, body]) =>
      Buffer.concat([Buffer.from([first, ...encodeLength(body.length)]), body]),
    ),
  { maxLength: 12 },
);

describe('the frame splitter', () => {
  it('finds the same packets however the network cut them', () => {
    fc.assert(
      fc.property(packets, fc.array(fc.nat(4000), { maxLength: 40 }), (frames, cuts) => {
        const stream = Buffer.concat(frames);
        const edges = [
          ...new Set([0, ...cuts.filter((cut) => cut < stream.length), stream.length]),
        ];
        edges.sort((a, b) => a - b);
        const chunks = edges.slice(1).map((end, i) => stream.subarray(edges[i], end));
        expect(split(chunks)).toEqual(split([stream]));
        expect(split(chunks).map((frame) => frame.replace('|', ''))).toEqual(
          frames.map((frame) => frame.toString('hex')),
        );
      }),
    );
  });

  it('finds the same packets in single bytes', () => {
    const stream = Buffer.concat([Buffer.from('c000', 'hex'), Buffer.from('300400016141', 'hex')]);
    expect(split([...stream].map((byte) => Buffer.from([byte])))).toEqual([
      'c000|',
      '3004|00016141',
    ]);
  });

  it('hands on nothing more once it is stopped', () => {
    const frames: string[] = [];
    const splitter = new FrameSplitter(10, (frame) => {
      frames.push(frame.toString('hex'));
      splitter.stop();
    });
    splitter.push(Buffer.from('c000c000', 'hex'));
    splitter.push(Buffer.from('c000', 'hex'));
    expect(frames).toEqual(['c000']);
  });

  it.each([
    ['a packet above the limit, from its header alone', '30e907'],
    ['a remaining length of five bytes', '308080808001'],
    ['packet type 0', '0000'],
    ['packet type 15', 'f000'],
    ['PUBLISH with QoS 3 [MQTT-3.3.1-4]', '3600'],
    ['DUP with QoS 0 [MQTT-3.3.1-2]', '3800'],
    ['SUBSCRIBE with flags 0 [MQTT-3.8.1-1]', '8000'],
    ['PUBREL with flags 0 [MQTT-3.6.1-1]', '6000'],
    ['PINGREQ with a flag [MQTT-2.2.2-2]', 'c100'],
  ])('refuses %s', (_name, hex) => {
    expect(() => split([Buffer.from(hex, 'hex')])).toThrow(ProtocolViolation);
  });

  it('takes a packet of exactly the limit', () => {
    const frame = Buffer.concat([Buffer.from([0x30, ...encodeLength(1000)]), Buffer.alloc(1000)]);
    expect(split([frame])).toHaveLength(1);
  });
});
