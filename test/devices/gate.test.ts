import { describe, expect, it } from 'vitest';
import { type Action, sightWith } from '#auth';
import { attempt, device, type Home, openHome, person, publish, service } from './home.ts';

async function homeWith(...ids: string[]): Promise<Home> {
  const home = await openHome();
  for (const id of ids) home.devices.create({ id });
  return home;
}

describe('a certificate', () => {
  it('names its device, whatever harmless client id comes with it', async () => {
    const { gate, certificateOf } = await homeWith('plug');
    const certificate = await certificateOf('plug');
    for (const clientId of ['', 'plug', 'plug-2', 'mosq-Xy7']) {
      expect(await gate.authenticate(attempt({ certificate, clientId }))).toEqual(device('plug'));
    }
  });

  it.each([
    ['a user name of another device', { username: 'lamp' }, 'not_authorized'],
    ['the client id of another device', { clientId: 'lamp' }, 'identifier'],
  ])('is refused with %s, and its owner sees it', async (_, claim, refused) => {
    const { gate, devices, certificateOf } = await homeWith('plug', 'lamp');
    const tried = attempt({ certificate: await certificateOf('plug'), ...claim });
    expect(await gate.authenticate(tried)).toMatchObject({ refused });
    expect(devices.denialsOf('plug')).toMatchObject([{ action: 'connect', count: 1 }]);
    expect(devices.get('plug').denied).toBe(1);
  });

  it('is refused once it is revoked, and again after a restart', async () => {
    const { gate, devices, certificateOf, directory } = await homeWith('plug');
    const certificate = await certificateOf('plug');
    devices.revoke('plug');
    expect(await gate.authenticate(attempt({ certificate }))).toMatchObject({
      refused: 'not_authorized',
      reason: 'its certificate is revoked',
    });
    const again = await openHome(directory);
    expect(await again.gate.authenticate(attempt({ certificate }))).toMatchObject({
      refused: 'not_authorized',
    });
  });

  it('is refused when it was not issued here, and listed among the unknown', async () => {
    const { gate, devices } = await homeWith('plug');
    const stranger = await homeWith('plug');
    const tried = attempt({ certificate: await stranger.certificateOf('plug') });
    expect(await gate.authenticate(tried)).toMatchObject({ refused: 'not_authorized' });
    expect(devices.denials()).toMatchObject({ denials: [{ deviceId: null }], unknown: 1 });
    expect(devices.get('plug').denied).toBe(0);
  });

  it('is refused while its device is disabled, and let in under maintenance', async () => {
    const { gate, devices, certificateOf } = await homeWith('plug');
    const certificate = await certificateOf('plug');
    devices.update('plug', { state: 'disabled' });
    expect(await gate.authenticate(attempt({ certificate }))).toMatchObject({
      refused: 'not_authorized',
    });
    devices.update('plug', { state: 'maintenance' });
    expect(await gate.authenticate(attempt({ certificate }))).toEqual(device('plug'));
  });
});

describe('a user name and password', () => {
  it('lets in a service, and a device that is in the registry', async () => {
    const { gate, auth } = await homeWith('plug');
    const nodered = await auth.credentials.add({ name: 'nodered', role: 'service' });
    const plug = await auth.credentials.add({ name: 'plug', role: 'device' });
    const ghost = await auth.credentials.add({ name: 'ghost', role: 'device' });
    const tryAs = ({ name, password }: { name: string; password: string }) =>
      gate.authenticate(
        attempt({ transport: 'tcp', username: name, password: Buffer.from(password) }),
      );
    expect(await tryAs(nodered)).toEqual(service('nodered'));
    expect(await tryAs(plug)).toEqual(device('plug'));
    expect(await tryAs(ghost)).toMatchObject({ refused: 'not_authorized' });
    expect(await tryAs({ ...plug, password: 'wrong' })).toMatchObject({
      refused: 'bad_credentials',
    });
  });

  it('makes whoever guesses come back later', async () => {
    const { gate, auth, devices } = await homeWith('plug');
    await auth.credentials.add({ name: 'plug', role: 'device' });
    const guess = (password: string) =>
      gate.authenticate(
        attempt({ transport: 'tcp', username: 'plug', password: Buffer.from(password) }),
      );
    for (let i = 0; i < 10; i++) {
      expect(await guess(`guess ${i}`)).toMatchObject({ refused: 'bad_credentials' });
    }
    expect(await guess('one more')).toMatchObject({
      refused: 'unavailable',
      reason: 'too many wrong passwords',
    });
    expect(devices.get('plug').denied).toBe(11);
  });

  it('is asked for when there is no certificate', async () => {
    const { gate } = await homeWith();
    expect(await gate.authenticate(attempt({ transport: 'tcp' }))).toMatchObject({
      refused: 'not_authorized',
    });
  });

  it('may be an API token on the WebSocket, and nowhere else', async () => {
    const { gate, auth } = await homeWith();
    const scopes = ['devices.read', 'telemetry.read'] as const;
    const tablet = auth.tokens.create({ name: 'wall tablet', role: 'service', scopes });
    const bridge = auth.tokens.create({ name: 'bridge', role: 'service' });
    const tryWith = (token: string, transport: 'websocket' | 'tcp') =>
      gate.authenticate(attempt({ transport, username: 'x', password: Buffer.from(token) }));
    expect(await tryWith(tablet.token, 'websocket')).toEqual(person(`token:${tablet.id}`));
    expect(await tryWith(bridge.token, 'websocket')).toEqual(service(`token:${bridge.id}`));
    expect(await tryWith(tablet.token, 'tcp')).toMatchObject({ refused: 'bad_credentials' });
  });
});

it('keeps the client id of a device for that device, and lists who else wanted it', async () => {
  const { gate, auth, devices } = await homeWith('plug');
  const { password } = await auth.credentials.add({ name: 'nodered', role: 'service' });
  const asService = attempt({
    transport: 'tcp',
    username: 'nodered',
    password: Buffer.from(password),
  });
  expect(await gate.authenticate({ ...asService, clientId: 'flows' })).toEqual(service('nodered'));
  expect(await gate.authenticate({ ...asService, clientId: 'plug' })).toMatchObject({
    refused: 'identifier',
  });
  expect(devices.denialsOf('plug')).toMatchObject([{ clientId: 'plug', count: 1 }]);
});

describe('publishing', () => {
  it('hands a device’s own readings to telemetry, and nobody else’s', async () => {
    const { gate, taken, acknowledged } = await homeWith('plug', 'lamp');
    expect(await publish(gate, device('plug'), 'devices/plug/telemetry', { power: 1 })).toBe(true);
    expect(await publish(gate, device('plug'), 'device/plug/data', { power: 2 })).toBe(true);
    expect(await publish(gate, device('plug'), 'devices/lamp/telemetry', { power: 3 })).toBe(false);
    expect(await publish(gate, device('plug'), 'devices/lamp/ack', { id: 3 })).toBe(false);
    expect(taken).toEqual(['plug {"power":1}', 'plug {"power":2}']);
    expect(acknowledged).toEqual([]);
  });

  it('hands a device’s acknowledgments to whoever waits for them, and a bridge’s for it', async () => {
    const { gate, devices, acknowledged, taken } = await homeWith('plug');
    const bridge = service('zigbee2mqtt');
    expect(await publish(gate, device('plug'), 'devices/plug/ack', { id: 1 })).toBe(true);
    expect(await publish(gate, device('plug'), 'device/plug/ack', { id: 2 })).toBe(true);
    expect(await publish(gate, bridge, 'devices/plug/ack', { id: 3 })).toBe(true);
    await publish(gate, bridge, 'devices/nobody/ack', { id: 4 });
    devices.update('plug', { state: 'disabled' });
    await publish(gate, bridge, 'devices/plug/ack', { id: 5 });
    expect(acknowledged).toEqual(['plug {"id":1}', 'plug {"id":2}', 'plug {"id":3}']);
    expect(taken).toEqual([]);
  });

  it('takes what a service says for a registered device in as that device’s', async () => {
    const { gate, devices, taken } = await homeWith();
    const bridge = service('zigbee2mqtt');
    const topic = 'devices/plug/telemetry';
    const grant = gate.mayPublish(bridge, topic);
    expect(grant.allowed).toBe(true);
    await publish(gate, bridge, topic, 'before');
    devices.create({ id: 'plug' });
    await publish(gate, bridge, topic, 'while');
    devices.update('plug', { state: 'disabled' });
    await publish(gate, bridge, topic, 'after');
    expect(taken).toEqual(['plug while']);
  });

  it.each([
    ['devices/plug/telemetry', true],
    ['devices/plug/status', true],
    ['devices/plug/ack', false],
  ])('lets a device leave %s behind: %s', async (topic, mayRetain) => {
    const { gate } = await homeWith('plug');
    expect(gate.mayPublish(device('plug'), topic)).toMatchObject({ allowed: true, mayRetain });
  });

  it('is not for people', async () => {
    const { gate, auth } = await homeWith('plug');
    const { id } = auth.tokens.create({ name: 'phone', role: 'member' });
    const phone = person(`token:${id}`);
    expect(gate.mayPublish(phone, 'devices/plug/telemetry').allowed).toBe(false);
    expect(gate.maySubscribe(phone, '#')).toBe(true);
    // What is said to devices may hold secrets.
    for (const topic of ['devices/plug/command', 'smartplug/plug/config', 'device/plug/command']) {
      expect(gate.mayReceive(phone, topic), topic).toBe(false);
      expect(gate.mayReceive(service('node-red'), topic), topic).toBe(true);
    }
    expect(gate.maySubscribe(phone, 'devices/+/command')).toBe(false);
    expect(gate.mayReceive(phone, 'devices/plug/telemetry')).toBe(true);
    expect(gate.mayReceive(phone, '$hearth/x')).toBe(false);
  });
});

describe('a guest', () => {
  /** As the gate would see someone with whom the lamp is shared. */
  async function visit() {
    const home = await homeWith('plug', 'lamp');
    const { auth, devices } = home;
    const token = auth.tokens.create({ name: 'tablet', role: 'guest' });
    const shared = {
      accessTo: (_: string, id: string) => (id === 'lamp' ? ('read' as const) : undefined),
      devicesOf: () => ['lamp'],
    };
    const accept = () => () => undefined;
    const gate = devices.gate({
      telemetry: accept,
      ack: accept,
      sightOf: (caller) =>
        sightWith(caller && { ...caller, kind: 'person', role: 'guest', sessionId: 's' }, shared),
    });
    return { gate, token, tablet: person(`token:${token.id}`) };
  }

  it.each([
    ['devices/lamp/telemetry', true],
    ['device/lamp/data', true],
    ['smartplug/lamp/status', true],
    ['devices/lamp/command', false],
    ['devices/plug/telemetry', false],
    ['devices/nothing/telemetry', false],
    ['devices/lamp/telemetry/more', false],
    ['house/doorbell', false],
    ['$SYS/broker/clients/connected', false],
  ])('reads %s: %s', async (topic, mayRead) => {
    const { gate, tablet } = await visit();
    expect(gate.mayReceive(tablet, topic)).toBe(mayRead);
    expect(gate.maySubscribe(tablet, topic)).toBe(mayRead);
  });

  it('may ask for all that there is, and gets what it sees of it', async () => {
    const { gate, tablet } = await visit();
    for (const filter of ['#', 'devices/#', 'devices/+/telemetry']) {
      expect(gate.maySubscribe(tablet, filter), filter).toBe(true);
    }
    for (const filter of ['$SYS/#', '$hearth/#', 'devices/+/command']) {
      expect(gate.maySubscribe(tablet, filter), filter).toBe(false);
    }
  });

  it('is not told by a client id which devices there are', async () => {
    const { gate, token, tablet } = await visit();
    const knock = (clientId: string) =>
      gate.authenticate(
        attempt({
          transport: 'websocket',
          username: 'x',
          password: Buffer.from(token.token),
          clientId,
        }),
      );
    for (const clientId of ['plug', 'lamp', 'nothing']) {
      expect(await knock(clientId), clientId).toMatchObject({ refused: 'identifier' });
    }
    for (const clientId of ['', 'tablet:hall']) {
      expect(await knock(clientId), clientId).toEqual(tablet);
    }
  });
});

it('lets a token write for devices only when all of that is in its scopes', async () => {
  const { gate, auth } = await homeWith();
  const kindWith = async (scopes: readonly Action[] | undefined) => {
    const { token } = auth.tokens.create({ name: 'a bridge', role: 'service', scopes });
    const answer = await gate.authenticate(
      attempt({ transport: 'websocket', username: 'x', password: Buffer.from(token) }),
    );
    return 'refused' in answer ? answer.refused : answer.kind;
  };
  expect(await kindWith(undefined)).toBe('service');
  expect(await kindWith(['telemetry.read', 'telemetry.write', 'devices.control'])).toBe('service');
  expect(await kindWith(['telemetry.read', 'telemetry.write'])).toBe('person');
  expect(await kindWith(['telemetry.read'])).toBe('person');
  expect(await kindWith(['telemetry.write'])).toBe('not_authorized');
});

describe('a device can be reached', () => {
  it('once it is connected, and once it hears what is said to it', async () => {
    const { gate, devices } = await homeWith('plug', 'lamp');
    const reachable: string[] = [];
    devices.onReachable.listen(({ deviceId }) => {
      reachable.push(`${deviceId} ${devices.get(deviceId).status}`);
    });
    gate.connected(service('nodered'), 'flows', 'tcp', '::1');
    gate.subscribed(service('nodered'), 'devices/plug/command');
    gate.subscribed(person('token:1'), 'devices/plug/command');
    gate.subscribed(device('lamp'), 'devices/plug/command');
    gate.subscribed(device('lamp'), 'devices/lamp/telemetry');
    expect(reachable).toEqual([]);
    gate.connected(device('plug'), 'plug', 'tls', '::1');
    gate.subscribed(device('plug'), 'devices/plug/command');
    gate.subscribed(device('plug'), 'smartplug/plug/config');
    expect(reachable).toEqual(['plug online', 'plug online', 'plug online']);
  });
});

it('tells which certificate a device was let in with, and of no other', async () => {
  const { gate, devices, auth, certificateOf } = await homeWith('plug', 'lamp');
  const told: { deviceId: string; der: Uint8Array }[] = [];
  devices.onCertificate.listen((news) => told.push(news));
  const certificate = await certificateOf('plug');
  const { password } = await auth.credentials.add({ name: 'lamp', role: 'device' });
  await gate.authenticate(
    attempt({ transport: 'tcp', username: 'lamp', password: Buffer.from(password) }),
  );
  await gate.authenticate(attempt({ certificate, clientId: 'lamp' }));
  devices.update('plug', { state: 'disabled' });
  await gate.authenticate(attempt({ certificate }));
  expect(told).toEqual([]);
  devices.update('plug', { state: 'active' });
  await gate.authenticate(attempt({ certificate, clientId: 'plug-2' }));
  expect(told).toEqual([{ deviceId: 'plug', der: certificate }]);
});

it('folds repeated refusals into one entry and bounds the list', async () => {
  const { gate, devices, clock } = await homeWith('plug');
  const deny = (topic: string) =>
    gate.denied({
      action: 'publish',
      identity: device('plug'),
      clientId: 'plug',
      remoteAddress: '192.168.1.50',
      topic,
      reason: 'not its own topic',
    });
  for (let i = 0; i < 60; i++) deny(`devices/lamp-${i}/telemetry`);
  clock.advance(1000);
  deny('devices/lamp-30/telemetry');
  const denials = devices.denialsOf('plug');
  expect(denials).toHaveLength(50);
  expect(denials[0]).toMatchObject({ topic: 'devices/lamp-30/telemetry', count: 2 });
  expect(devices.get('plug').denied).toBe(61);
});

it('forgets over a restart how much was refused, as it does what it was', async () => {
  const { gate, devices, directory } = await homeWith('plug');
  gate.denied({
    action: 'subscribe',
    identity: device('plug'),
    clientId: 'plug',
    remoteAddress: '::1',
    topic: '#',
    reason: 'a wildcard',
  });
  expect(devices.get('plug').denied).toBe(1);
  await devices.stop();
  const again = (await openHome(directory)).devices;
  expect([again.get('plug').denied, again.denialsOf('plug')]).toEqual([0, []]);
});

it('ends the connections of a token or credential that was revoked', async () => {
  const { auth, evicted } = await homeWith();
  const { id } = auth.tokens.create({ name: 'tablet', role: 'guest' });
  await auth.credentials.add({ name: 'nodered', role: 'service' });
  auth.tokens.revoke(id);
  auth.credentials.remove('nodered');
  expect(evicted).toContainEqual(person(`token:${id}`));
  expect(evicted).toContainEqual(service('nodered'));
});

it('ends the connections of a token within a minute after it expired', async () => {
  const { auth, clock, evicted } = await homeWith();
  const { id } = auth.tokens.create({ name: 'tablet', role: 'guest', expiresIn: '90s' });
  clock.advance(60_000);
  expect(evicted).toEqual([]);
  clock.advance(60_000);
  expect(evicted).toContainEqual(person(`token:${id}`));
});

it('makes certificates, and none for a device that is disabled', async () => {
  const { devices } = await homeWith('plug');
  const issued = await devices.proofs.issueCertificate('plug');
  expect(issued.caPem).toContain('BEGIN CERTIFICATE');
  expect(issued.mqttsPort).toBe(8883);
  expect(devices.proofs.certificatesOf('plug')).toMatchObject([{ serial: issued.serial }]);
  devices.update('plug', { state: 'disabled' });
  await expect(devices.proofs.issueCertificate('plug')).rejects.toMatchObject({ code: 'conflict' });
});
