import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { connectAsync, type IClientOptions } from 'mqtt';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { ConnectAttempt, Identity, Refusal } from '#mqtt';
import { ManualClock } from '../support/clock.ts';
import { type TestCertificate, testAuthority } from './certificates.ts';
import {
  connect,
  eventually,
  OpenGate,
  RawClient,
  startBroker,
  type TestBroker,
  type TestBrokerOptions,
} from './harness.ts';

/** Knows clients by the name in their certificate. */
class CertificateGate extends OpenGate {
  readonly attempts: ConnectAttempt[] = [];

  override async authenticate(attempt: ConnectAttempt): Promise<Identity | Refusal> {
    this.attempts.push(attempt);
    if (attempt.certificate === undefined) return super.authenticate(attempt);
    const { subject } = new X509Certificate(attempt.certificate);
    return { kind: 'device', name: subject.replace('CN=', '') };
  }
}

/** A broker at which all but the first wait for their turn, and time stands still. */
const oneASecond = (): TestBrokerOptions => ({
  clock: new ManualClock(0),
  limits: { connectsPerSecond: 1 },
});

async function startTls(minVersion: '1.2' | '1.3' = '1.3', options: TestBrokerOptions = {}) {
  const authority = await testAuthority();
  const gate = new CertificateGate();
  const started = await startBroker({ ...options, gate });
  const { port } = await started.broker.listenTls({
    address: '127.0.0.1',
    port: 0,
    credentials: await authority.issue('localhost'),
    caPem: authority.caPem,
    minVersion,
  });
  return { ...started, gate, authority, port };
}

function clientOptions(caPem: string, own?: TestCertificate): IClientOptions {
  const shown = own === undefined ? {} : { cert: own.certificatePem, key: own.keyPem };
  return { ca: caPem, ...shown, reconnectPeriod: 0, clientId: 'lamp' };
}

describe('MQTT over TLS', () => {
  it('carries messages between clients that show a certificate of the authority', async () => {
    const { port, authority, gate, broker } = await startTls();
    const lamp = clientOptions(authority.caPem, await authority.issue('lamp'));
    const client = await connectAsync(`mqtts://localhost:${port}`, lamp);
    onTestFinished(() => client.endAsync());
    const got = new Promise<string>((resolve) =>
      client.on('message', (_topic, payload) => resolve(`${payload}`)),
    );
    await client.subscribeAsync('a/#', { qos: 1 });
    await client.publishAsync('a/b', 'hello', { qos: 2 });
    expect(await got).toBe('hello');
    expect(gate.attempts[0]).toMatchObject({ transport: 'tls', remoteAddress: '127.0.0.1' });
    expect(gate.events).toEqual(['+lamp/lamp']);
    expect(broker.addresses().map(({ transport }) => transport)).toEqual(['tcp', 'tls']);
  });

  it.each([
    ['without a certificate', undefined, 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE'],
    ['with a certificate of another authority', 'other', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['with one of an authority of the same name', 'test authority', 'CERT_SIGNATURE_FAILURE'],
  ])('refuses a client %s, and the owner hears of it', async (_name, from, reason) => {
    const { port, authority, gate, broker } = await startTls();
    const own = from === undefined ? undefined : await (await testAuthority(from)).issue('lamp');
    const options = { ca: authority.caPem, cert: own?.certificatePem, key: own?.keyPem };
    const socket = connectTls({ port, host: 'localhost', ...options });
    socket.on('error', () => undefined);
    socket.write(connect());
    await eventually(() => broker.stats().tlsFailures === 1);
    expect(gate.attempts).toEqual([]);
    expect(gate.denials).toEqual([
      {
        action: 'connect',
        identity: undefined,
        clientId: '',
        remoteAddress: '127.0.0.1',
        topic: '',
        reason: `TLS: ${reason}`,
      },
    ]);
  });

  it.each([
    ['1.3', 'refuses'],
    ['1.2', 'takes'],
  ] as const)(
    'with %s as the oldest version %s a client of TLS 1.2',
    async (minVersion, verdict) => {
      const { port, authority, broker } = await startTls(minVersion);
      const own = await authority.issue('lamp');
      const socket = connectTls({
        port,
        host: 'localhost',
        ca: authority.caPem,
        cert: own.certificatePem,
        key: own.keyPem,
        maxVersion: 'TLSv1.2',
      });
      socket.on('error', () => undefined);
      onTestFinished(() => void socket.destroy());
      await new Promise<void>((resolve) => {
        socket.once('secureConnect', resolve);
        socket.once('close', () => resolve());
      });
      if (verdict === 'refuses') await eventually(() => broker.stats().tlsFailures === 1);
      expect(socket.authorized).toBe(verdict === 'takes');
    },
  );

  it('shows new connections a new server certificate and leaves the others alone', async () => {
    const { port, authority, broker } = await startTls();
    const own = await authority.issue('lamp');
    const open = async (): Promise<TLSSocket> => {
      const socket = connectTls({
        port,
        host: 'localhost',
        ca: authority.caPem,
        cert: own.certificatePem,
        key: own.keyPem,
      });
      onTestFinished(() => void socket.destroy());
      await new Promise((resolve) => socket.once('secureConnect', resolve));
      return socket;
    };
    const before = await open();
    broker.setServerCredentials(await authority.issue('another'), authority.caPem);
    const after = await open();
    expect(before.getPeerCertificate().subject.CN).toBe('localhost');
    expect(after.getPeerCertificate().subject.CN).toBe('another');
    expect(before.destroyed).toBe(false);
  });

  it('gives up the place of a connection that never spoke TLS', async () => {
    const { port, broker } = await startTls();
    const socket = connectTcp(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve));
    await eventually(() => broker.stats().handshakes === 0);
    expect(broker.stats().tlsFailures).toBe(1);
  });
});

describe('MQTT over WebSocket', () => {
  async function startWebSocket(
    options?: TestBrokerOptions,
  ): Promise<TestBroker & { url: string }> {
    const started = await startBroker(options);
    const http = createServer();
    const server = new WebSocketServer({ server: http, handleProtocols: () => 'mqtt' });
    server.on('connection', (socket, request) => {
      started.broker.handleWebSocket(socket, { remoteAddress: request.socket.remoteAddress ?? '' });
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void http.closeAllConnections());
    onTestFinished(() => void http.close());
    return { ...started, url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}` };
  }

  it('carries messages', async () => {
    const { url, gate } = await startWebSocket();
    const client = await connectAsync(url, { clientId: 'browser', reconnectPeriod: 0 });
    const got = new Promise<string>((resolve) =>
      client.on('message', (_topic, payload) => resolve(`${payload}`)),
    );
    await client.subscribeAsync('a/#');
    await client.publishAsync('a/b', 'x'.repeat(100_000), { qos: 1 });
    expect(await got).toHaveLength(100_000);
    await client.endAsync();
    await eventually(() => gate.events.length === 2);
  });

  it('notices a client that left without DISCONNECT', async () => {
    const { url, gate } = await startWebSocket();
    const socket = new WebSocket(url, 'mqtt');
    socket.once('open', () => socket.send(connect()));
    await new Promise((resolve) => socket.once('message', resolve));
    socket.terminate();
    await eventually(() => gate.events.length === 2);
  });

  it('frees the place of a client that left before its turn', async () => {
    const { url, broker } = await startWebSocket(oneASecond());
    const sockets = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const socket = new WebSocket(url, 'mqtt');
        await new Promise((resolve) => socket.once('open', resolve));
        return socket;
      }),
    );
    await eventually(() => broker.stats().handshakes === 5);
    for (const socket of sockets) socket.terminate();
    await eventually(() => broker.stats().handshakes === 0);
  });

  it('closes on a text frame [MQTT-6.0.0-1]', async () => {
    const { url, broker } = await startWebSocket();
    const socket = new WebSocket(url, 'mqtt');
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    socket.once('open', () => socket.send(connect().toString('latin1')));
    expect(await closed).toBe(1003);
    await eventually(() => broker.stats().connections === 0);
    expect(broker.stats().bytesReceived).toBe(0);
  });

  it('takes packets that are cut across frames [MQTT-6.0.0-2]', async () => {
    const { url } = await startWebSocket();
    const socket = new WebSocket(url, 'mqtt');
    onTestFinished(() => socket.terminate());
    const answer = new Promise<Buffer>((resolve) => socket.once('message', resolve));
    socket.once('open', () => {
      for (const byte of connect()) socket.send(Buffer.from([byte]));
    });
    expect((await answer).toString('hex')).toBe('20020000');
  });
});

describe('a listener', () => {
  it.each(['tls', 'tcp'] as const)(
    'over %s frees the place of a client that was gone before its turn',
    async (transport) => {
      const { broker, port } = await startTls('1.3', oneASecond());
      const tcp = broker.addresses().find((address) => address.transport === 'tcp');
      const clients = await Promise.all(
        Array.from({ length: 50 }, () =>
          RawClient.open(transport === 'tls' ? port : (tcp?.port ?? 0)),
        ),
      );
      await eventually(() => broker.stats().handshakes === 50);
      for (const client of clients) client.socket.resetAndDestroy();
      await eventually(() => broker.stats().handshakes === 0);
    },
  );

  it('says plainly that its port is taken', async () => {
    const { broker, port } = await startBroker();
    await expect(broker.listenTcp({ address: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'address_in_use',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
  });

  it('takes nobody once the broker has stopped', async () => {
    const { broker, port } = await startBroker();
    const client = await RawClient.connected(port);
    await broker.stop();
    await client.closed();
    await expect(RawClient.open(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
