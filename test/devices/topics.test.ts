import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isOwnSubscription,
  isReadable,
  isServiceWritable,
  ownPublishChannel,
  readTopic,
} from '../../src/devices/topics.ts';

/** What a device, a service and a person may do with each topic; `plug` is the device's own id. */
const cases: [
  topic: string,
  publishes: string | undefined,
  hears: boolean,
  serviceWrites: boolean,
][] = [
  ['devices/plug/telemetry', 'telemetry', false, true],
  ['devices/plug/status', 'status', false, true],
  ['devices/plug/ack', 'ack', false, true],
  ['devices/plug/command', undefined, true, false],
  ['devices/plug/config', undefined, true, false],
  ['devices/plug/control', undefined, false, true],
  ['smartplug/plug/telemetry', 'telemetry', false, true],
  ['smartplug/plug/status', 'status', false, true],
  ['smartplug/plug/ack', undefined, false, true],
  ['smartplug/plug/control', undefined, true, false],
  ['smartplug/plug/config', undefined, true, false],
  ['smartplug/plug/command', undefined, false, true],
  ['device/plug/data', 'telemetry', false, true],
  ['device/plug/ack', 'ack', false, true],
  ['device/plug/command', undefined, true, false],
  ['device/plug/telemetry', undefined, false, true],
  ['device/plug/config', undefined, false, true],
  ['devices/lamp/telemetry', undefined, false, true],
  ['devices/lamp/command', undefined, false, false],
  ['smartplug/lamp/control', undefined, false, false],
  ['device/lamp/command', undefined, false, false],
  ['devices/plug', undefined, false, true],
  ['devices/plug/telemetry/more', undefined, false, true],
  ['/devices/plug/telemetry', undefined, false, true],
  ['Devices/plug/telemetry', undefined, false, true],
  ['devices//telemetry', undefined, false, true],
  ['devices/plug/toString', undefined, false, true],
  ['constructor/plug/name', undefined, false, true],
  ['homeassistant/status', undefined, false, true],
  ['$SYS/broker/uptime', undefined, false, false],
  ['$hearth/anything', undefined, false, false],
];

describe.each(cases)('the topic %s', (topic, publishes, hears, serviceWrites) => {
  it(`is ${publishes ?? 'nothing'} for its device to publish`, () => {
    expect(ownPublishChannel('plug', topic)).toBe(publishes);
  });
  it(`${hears ? 'may' : 'may not'} be subscribed to by its device`, () => {
    expect(isOwnSubscription('plug', topic)).toBe(hears);
  });
  it(`${serviceWrites ? 'may' : 'may not'} be written by a service`, () => {
    expect(isServiceWritable(topic)).toBe(serviceWrites);
  });
});

it.each([
  '#',
  '+/plug/command',
  'devices/#',
  'devices/+/command',
  'devices/plug/#',
  'devices/plug/+',
  'smartplug/+/control',
  '$SYS/#',
  '$share/group/devices/plug/command',
])('refuses a device the filter %s', (filter) => {
  expect(isOwnSubscription('plug', filter)).toBe(false);
});

it.each([
  ['#', true],
  ['+/+/telemetry', true],
  ['devices/plug/command', true],
  ['$SYS/#', true],
  ['$SYS', true],
  ['$SYSTEM/#', false],
  ['$hearth/#', false],
  ['$hearth', false],
  ['$share/group/$hearth/#', false],
])('lets people and services read %s: %s', (filter, may) => {
  expect(isReadable(filter)).toBe(may);
});

it('never gives a device a topic in which another id stands', () => {
  const level = fc.stringMatching(/^[A-Za-z0-9_.+#$-]{1,8}$/);
  fc.assert(
    fc.property(level, level, level, level, (own, family, id, word) => {
      fc.pre(own !== id);
      const topic = `${family}/${id}/${word}`;
      expect(ownPublishChannel(own, topic)).toBeUndefined();
      expect(isOwnSubscription(own, topic)).toBe(false);
      const read = readTopic(topic);
      if (read) expect(read.deviceId).toBe(id);
    }),
  );
});
