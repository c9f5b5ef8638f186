import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import mqtt from 'mqtt-packet';
import { HubProcess } from '../../support/hub-process.ts';
import { cpuSeconds, residentMb, startBareAedes } from '../peers.ts';
import type { Scenario } from '../scenario.ts';

const clientCount = 1000;
/** Handshakes under way at once, as when a home's devices return after a power cut. */
const atOnce = 50;

interface Certificate {
  readonly id: string;
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
}

/** A thousand mutual-TLS clients, against Hearth and against bare Aedes with the same certificates. */
export const clients: Scenario = {
  name: 'clients',
  async run({ directory }) {
    const hub = await HubProcess.start({
      directory,
      environment: { HEARTH_LIMITS_CONNECTS_PER_SECOND: '5000' },
    });
    const certificates: Certificate[] = [];
    for (let i = 0; i < clientCount; i++) {
      const id = `client-${i}`;
      await hub.call('POST', '/api/v1/devices', { id });
      const issued = await hub.call('POST', `/api/v1/devices/${id}/certificates`, {});
      certificates.push({ id, ...(issued as Omit<Certificate, 'id'>) });
    }
    const ours = await connectAll(hub.ports.mqtts, hub.pid, certificates);
    await hub.end();

    const authority = join(directory, 'authority.pem');
    await writeFile(authority, certificates[0]?.ca ?? '');
    // One file that holds the certificate and its key.
    const server = join(directory, 'pki', 'server.pem');
    const bare = await startBareAedes([server, server, authority]);
    const peer = await connectAll(bare.port, bare.pid, certificates);
    await bare.stop();

    return {
      title: `${clientCount} mutual-TLS clients, ${atOnce} handshakes at once`,
      rows: [
        ['bare Aedes: seconds, kB a client, CPU s', describe(peer)],
        ['Hearth: seconds, kB a client, CPU s', describe(ours)],
      ],
      goals: [
        ['Hearth: seconds until all are connected', ours.seconds, 'under', 10],
        ['memory a client, ratio to bare Aedes', ours.kbEach / peer.kbEach, 'under', 1.1],
      ],
    };
  },
};

interface Measured {
  readonly seconds: number;
  readonly kbEach: number;
  readonly cpu: number;
}

const describe = ({ seconds, kbEach, cpu }: Measured) =>
  `${seconds.toFixed(2)}, ${kbEach.toFixed(0)}, ${cpu.toFixed(2)}`;

async function connectAll(
  port: number,
  pid: number,
  certificates: readonly Certificate[],
): Promise<Measured> {
  const memoryBeforeMb = residentMb(pid);
  const cpuBefore = cpuSeconds(pid);
  const startMs = performance.now();
  const waiting = [...certificates];
  const sockets: TLSSocket[] = [];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let next = waiting.pop(); next; next = waiting.pop())
        sockets.push(await connectOne(port, next));
    }),
  );
  const seconds = (performance.now() - startMs) / 1000;
  const kbEach = ((residentMb(pid) - memoryBeforeMb) * 1024) / certificates.length;
  const cpu = cpuSeconds(pid) - cpuBefore;
  for (const socket of sockets) socket.destroy();
  return { seconds, kbEach, cpu };
}

function connectOne(port: number, client: Certificate): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      servername: 'localhost',
      cert: client.certificate,
      key: client.key,
      ca: client.ca,
    });
    socket.once('error', reject);
    socket.once('secureConnect', () =>
      socket.write(
        mqtt.generate({
          cmd: 'connect',
          clientId: client.id,
          protocolId: 'MQTT',
          protocolVersion: 4,
          clean: true,
          keepalive: 0,
        }),
      ),
    );
    socket.once('data', (data) =>
      data[0] === 0x20 && data[3] === 0
        ? resolve(socket)
        : reject(new Error(`${client.id} was refused`)),
    );
  });
}
