import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import * as x509 from '@peculiar/x509';
import { Aedes } from 'aedes';
import { onTestFinished } from 'vitest';
import type { DeviceCredentials } from '../../src/sim/device.ts';

const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' };
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' };
const dayMs = 86_400_000;

x509.cryptoProvider.set(webcrypto);

/** A certificate authority that lives as long as a test. */
export class ThrowAwayAuthority {
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #certificate: x509.X509Certificate;

  private constructor(keys: webcrypto.CryptoKeyPair, certificate: x509.X509Certificate) {
    this.#keys = keys;
    this.#certificate = certificate;
  }

  static async make(): Promise<ThrowAwayAuthority> {
    const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      name: 'CN=Throw-away CA',
      keys,
      signingAlgorithm,
      extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
    });
    return new ThrowAwayAuthority(keys, certificate);
  }

  async issue(name: string): Promise<DeviceCredentials> {
    const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${name}`,
      issuer: this.#certificate.subject,
      notBefore: new Date(Date.now() - dayMs),
      notAfter: new Date(Date.now() + dayMs),
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm,
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])],
    });
    const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
    return {
      caPem: this.#certificate.toString('pem'),
      certificatePem: certificate.toString('pem'),
      keyPem: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
    };
  }
}

export interface Published {
  readonly clientId: string;
  readonly topic: string;
  readonly payload: string;
}

/** A bare broker behind mutual TLS on a free port: everything it took in is in `published`. */
export class TlsBroker {
  readonly published: Published[] = [];
  /** Client ids to which CONNACK says 5, not authorised. */
  readonly turnedAway = new Set<string>();
  /** Whether the next PUBLISH still reaches the broker; false swallows it with its connection. */
  takes: (message: Published) => boolean = () => true;
  readonly #filters = new Set<string>();
  readonly #news = new EventEmitter();
  #aedes: Aedes | undefined;
  #port = 0;

  static async start(authority: ThrowAwayAuthority): Promise<TlsBroker> {
    const broker = new TlsBroker();
    await broker.#listen(await authority.issue('localhost'));
    return broker;
  }

  get hub() {
    return { host: 'localhost', port: this.#port };
  }

  /** What devices published as telemetry, parsed. */
  readings(): Record<string, unknown>[] {
    return this.published
      .filter(({ topic }) => topic.endsWith('/telemetry'))
      .map(({ payload }) => JSON.parse(payload));
  }

  /** Publishes as the hub does, at QoS 1. */
  async say(topic: string, payload: string): Promise<void> {
    const packet = { cmd: 'publish', topic, payload, qos: 1, retain: false, dup: false } as const;
    await new Promise<void>((resolve, reject) =>
      this.#aedes?.publish(packet, (error) => (error ? reject(error) : resolve())),
    );
  }

  /** What was published on a topic, parsed, once there are `count` of it. */
  async heard(topic: string, count: number): Promise<Record<string, unknown>[]> {
    const found = () => this.published.filter((message) => message.topic === topic);
    while (found().length < count) await once(this.#news, 'published');
    return found().map(({ payload }) => JSON.parse(payload));
  }

  /** Resolves once a client listens on the topic. */
  async subscribed(topic: string): Promise<void> {
    while (!this.#filters.has(topic)) await once(this.#news, 'subscribed');
  }

  async #listen(server: DeviceCredentials): Promise<void> {
    const aedes = await Aedes.createBroker();
    this.#aedes = aedes;
    aedes.on('subscribe', (subscriptions) => {
      for (const { topic } of subscriptions) this.#filters.add(topic);
      this.#news.emit('subscribed');
    });
    aedes.authenticate = (client, _username, _password, done) => {
      if (!this.turnedAway.has(client.id)) return done(null, true);
      done(Object.assign(new Error('not authorised'), { returnCode: 5 }), false);
    };
    aedes.authorizePublish = (client, packet, done) => {
      const message = {
        clientId: client?.id ?? '',
        topic: packet.topic,
        payload: packet.payload.toString(),
      };
      if (client && (client.conn.destroyed || !this.takes(message))) {
        client.conn.destroy();
        return;
      }
      this.published.push(message);
      done(null);
      this.#news.emit('published');
    };
    const listener = createServer(
      {
        ca: server.caPem,
        cert: server.certificatePem,
        key: server.keyPem,
        requestCert: true,
        rejectUnauthorized: true,
        minVersion: 'TLSv1.3',
      },
      (socket: TLSSocket) => aedes.handle(socket),
    );
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    this.#port = (listener.address() as AddressInfo).port;
    onTestFinished(async () => {
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      await new Promise((resolve) => listener.close(resolve));
    });
  }
}
