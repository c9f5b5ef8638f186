import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished } from 'vitest';
import { runHearth, runProgram } from '../support/command.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { HubProcess } from '../support/hub-process.ts';
import { itWith } from '../support/peers.ts';

const test = itWith('mosquitto_pub', 'mosquitto_sub');

interface Denial {
  readonly action: string;
  readonly topic: string;
  readonly reason: string;
}

/** A hub with two devices whose files `hearth device add` wrote. */
async function home() {
  const directory = await temporaryDirectory();
  const hub = await HubProcess.start({ directory });
  onTestFinished(async () => void (await hub.end()));
  const add = async (id: string) => {
    const out = join(directory, 'files', id);
    const added = await runHearth(['--data', directory, 'device', 'add', id, '--out', out]);
    expect(added.code, added.errors).toBe(0);
    return out;
  };
  const files = { plug: await add('plug'), lamp: await add('lamp') };
  const at = ['-h', 'localhost', '-p', String(hub.ports.mqtts)];
  const as = (folder: string, id: string) => [
    ...at,
    ...['--cafile', join(folder, 'ca.crt')],
    ...['--cert', join(folder, 'device.crt')],
    ...['--key', join(folder, 'device.key')],
    ...['-i', id],
  ];
  const denials = async () => ((await hub.get('/api/v1/denials')) as { denials: Denial[] }).denials;
  return { directory, hub, files, at, as, denials };
}

describe('mosquitto_pub and mosquitto_sub', () => {
  test('publish a reading with the files of `hearth device add`; it is there when the command ends', async () => {
    const { hub, files, as } = await home();
    const sent = await runProgram('mosquitto_pub', [
      ...as(files.plug, 'plug'),
      ...['-q', '1', '-t', 'devices/plug/telemetry', '-m', '{"power": 60.5, "relay_state": true}'],
    ]);
    expect(sent).toMatchObject({ code: 0, errors: '' });
    expect(await hub.get('/api/v1/devices/plug/telemetry/latest')).toMatchObject({
      device_id: 'plug',
      power: 60.5,
      relay_state: true,
    });
  });

  test('the line in the README that `hearth device add` writes works as it stands', async () => {
    const { hub, files } = await home();
    const { output } = await runProgram('cat', [join(files.plug, 'README')]);
    const line = /mosquitto_pub(?:.*\\\n)*.*/.exec(output)?.[0];
    if (line === undefined) throw new Error(`no mosquitto_pub in ${output}`);
    const sent = await runProgram('sh', ['-c', `cd '${files.plug}' && ${line}`]);
    expect(sent).toMatchObject({ code: 0 });
    const { total_points } = (await hub.get('/api/v1/devices/plug/telemetry')) as {
      total_points: number;
    };
    expect(total_points).toBeGreaterThan(0);
  });

  test('subscribe to what a device may read, and receive what a service publishes', async () => {
    const { hub, files, as } = await home();
    const own = await runProgram('mosquitto_sub', [
      ...as(files.plug, 'plug'),
      ...['-t', 'devices/plug/command', '-q', '1', '-W', '1', '-d'],
    ]);
    expect(own.output).toMatch(/Subscribed \(mid: 1\): 1/);
    const { password } = (await hub.call('POST', '/api/v1/credentials', {
      name: 'node-red',
      role: 'service',
    })) as { password: string };
    const plain = [
      '-h',
      'localhost',
      '-p',
      String(hub.ports.mqtt),
      '-u',
      'node-red',
      '-P',
      password,
    ];
    // Into a pipe it would keep its lines until it ends.
    const subscriber = spawn(
      'stdbuf',
      ['-oL', 'mosquitto_sub', ...plain, '-t', 'devices/#', '-C', '1', '-d'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const ended = once(subscriber, 'close');
    const lines = createInterface(subscriber.stdout);
    const seen: string[] = [];
    const granted = new Promise<void>((resolve) =>
      lines.on('line', (line) => {
        seen.push(line);
        if (line.startsWith('Subscribed')) resolve();
      }),
    );
    await granted;
    await runProgram('mosquitto_pub', [
      ...as(files.plug, 'plug'),
      ...['-q', '1', '-t', 'devices/plug/telemetry', '-m', '{"power": 7}'],
    ]);
    await ended;
    expect(seen).toContain('{"power": 7}');
  });
});

describe('refused, and visible to the owner', () => {
  test('a client without a certificate', async () => {
    const { files, at, denials } = await home();
    const sent = await runProgram('mosquitto_pub', [
      ...at,
      ...['--cafile', join(files.plug, 'ca.crt'), '-i', 'plug'],
      ...['-q', '1', '-t', 'devices/plug/telemetry', '-m', '{}'],
    ]);
    expect(sent.code).not.toBe(0);
    expect(await denials()).toContainEqual(
      expect.objectContaining({
        action: 'connect',
        reason: expect.stringMatching(/TLS|certificate/i),
      }),
    );
  });

  test('a certificate of another authority', async () => {
    const { files, as, denials } = await home();
    const other = await home();
    const stranger = as(other.files.plug, 'plug').map((word) =>
      word === join(other.files.plug, 'ca.crt') ? join(files.plug, 'ca.crt') : word,
    );
    const sent = await runProgram('mosquitto_pub', [
      ...stranger,
      ...['-q', '1', '-t', 'devices/plug/telemetry', '-m', '{}'],
    ]);
    expect(sent.code).not.toBe(0);
    expect(await denials()).toContainEqual(expect.objectContaining({ action: 'connect' }));
  });

  test('a revoked certificate', async () => {
    const { directory, files, as, denials } = await home();
    expect((await runHearth(['--data', directory, 'device', 'revoke', 'plug'])).code).toBe(0);
    const sent = await runProgram('mosquitto_pub', [
      ...as(files.plug, 'plug'),
      ...['-q', '1', '-t', 'devices/plug/telemetry', '-m', '{}'],
    ]);
    expect(sent.code).not.toBe(0);
    expect(await denials()).toContainEqual(
      expect.objectContaining({ action: 'connect', reason: expect.stringMatching(/revoked/) }),
    );
  });

  test('another device’s topic', async () => {
    const { hub, files, as } = await home();
    const sent = await runProgram('mosquitto_pub', [
      ...as(files.plug, 'plug'),
      ...['-q', '1', '-t', 'devices/lamp/telemetry', '-m', '{"power": 1}'],
    ]);
    // Acknowledged, so that the device is not thrown into a loop; dropped all the same.
    expect(sent.code).toBe(0);
    const lamp = (await hub.get('/api/v1/devices/lamp/telemetry')) as { total_points: number };
    expect(lamp.total_points).toBe(0);
    const { denials } = (await hub.get('/api/v1/devices/plug/denials')) as { denials: Denial[] };
    expect(denials).toContainEqual(
      expect.objectContaining({ action: 'publish', topic: 'devices/lamp/telemetry' }),
    );
  });

  test('a subscription to every device', async () => {
    const { hub, files, as } = await home();
    const subscribed = await runProgram('mosquitto_sub', [
      ...as(files.plug, 'plug'),
      ...['-t', 'devices/+/telemetry', '-q', '1', '-W', '5'],
    ]);
    expect(subscribed.errors + subscribed.output).toMatch(/denied|128|rejected/i);
    const { denials } = (await hub.get('/api/v1/devices/plug/denials')) as { denials: Denial[] };
    expect(denials).toContainEqual(
      expect.objectContaining({ action: 'subscribe', topic: 'devices/+/telemetry' }),
    );
  });
});
