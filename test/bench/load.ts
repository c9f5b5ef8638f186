/**
 * The load generator: a process of its own that writes pre-made MQTT packets to raw sockets, so that
 * it is never what is being measured. Prints one line of JSON, with its own share of a core.
 *
 *   node test/bench/load.ts '{"port":1883,"connections":50,"seconds":10,…}'
 */
import { connect, type Socket } from 'node:net';
import mqtt from 'mqtt-packet';

export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** Messages a second over all connections; 0 is as fast as acknowledgments return. */
  readonly rate: number;
  /** Credentials, one a connection; `topic` is where that connection publishes. */
  readonly clients: readonly { id: string; username?: string; password?: string; topic: string }[];
  readonly payload: string;
}

export interface LoadResult {
  readonly acknowledged: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Of one core. */
  readonly ownCpu: number;
}

/** Messages that one connection sends before it waits for their acknowledgments. */
const blockMessages = 64;
const pubackBytes = 4;

const options = JSON.parse(process.argv[2] ?? '{}') as LoadOptions;
const sockets = await Promise.all(options.clients.map((client) => open(client)));
const cpuAtStart = process.cpuUsage();
const startedAt = performance.now();
const { acknowledged, latenciesMs } =
  options.rate === 0 ? await asFastAsAcknowledged() : await atRate(options.rate);
const seconds = (performance.now() - startedAt) / 1000;
const cpu = process.cpuUsage(cpuAtStart);
latenciesMs.sort((a, b) => a - b);
const at = (share: number) => latenciesMs[Math.floor((latenciesMs.length - 1) * share)] ?? 0;
const result: LoadResult = {
  acknowledged,
  perSecond: acknowledged / seconds,
  p50Ms: at(0.5),
  p99Ms: at(0.99),
  maxMs: at(1),
  ownCpu: (cpu.user + cpu.system) / 1e6 / seconds,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);

function open(client: LoadOptions['clients'][number]): Promise<Socket> {
  const socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true });
  const hello: mqtt.IConnectPacket = {
    cmd: 'connect',
    clientId: client.id,
    protocolVersion: 4,
    protocolId: 'MQTT',
    clean: true,
    keepalive: 0,
  };
  if (client.username !== undefined) hello.username = client.username;
  if (client.password !== undefined) hello.password = Buffer.from(client.password);
  socket.write(mqtt.generate(hello));
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`${client.id}: closed before CONNACK`)));
    socket.once('data', (data) => {
      if (data[0] === 0x20 && data[3] === 0) resolve(socket);
      else reject(new Error(`${client.id} was refused: ${data.toString('hex')}`));
    });
  });
}

function publishPacket(topic: string, packetId: number): Buffer {
  return mqtt.generate({
    cmd: 'publish',
    topic,
    payload: options.payload,
    qos: 1,
    retain: false,
    dup: false,
    messageId: packetId,
  });
}

/** Two blocks are always under way on each connection: one being answered, one waiting. */
async function asFastAsAcknowledged() {
  const latenciesMs: number[] = [];
  let acknowledged = 0;
  let running = true;
  const done = sockets.map((socket, index) => {
    const topic = options.clients[index]?.topic ?? '';
    const blocks = [0, 1].map((half) =>
      Buffer.concat(
        Array.from({ length: blockMessages }, (_, i) =>
          publishPacket(topic, half * blockMessages + i + 1),
        ),
      ),
    );
    const sentAt = [performance.now(), performance.now()];
    let next = 0;
    let pendingBytes = 0;
    for (const block of blocks) socket.write(block);
    return new Promise<void>((resolve, reject) => {
      socket.once('close', () =>
        running ? reject(new Error('a connection was closed')) : resolve(),
      );
      socket.on('data', (data) => {
        pendingBytes += data.length;
        while (pendingBytes >= blockMessages * pubackBytes) {
          pendingBytes -= blockMessages * pubackBytes;
          acknowledged += blockMessages;
          latenciesMs.push(performance.now() - (sentAt[next] ?? 0));
          if (!running) return resolve();
          const block = blocks[next];
          if (block) socket.write(block);
          sentAt[next] = performance.now();
          next ^= 1;
        }
      });
    });
  });
  setTimeout(() => {
    running = false;
  }, options.seconds * 1000);
  await Promise.all(done);
  return { acknowledged, latenciesMs };
}

/** An even rate; each message's latency is counted from when it was due, so that a stall is seen. */
async function atRate(rate: number) {
  const latenciesMs: number[] = [];
  let acknowledged = 0;
  let sent = 0;
  const total = rate * options.seconds;
  const queues: number[][] = sockets.map(() => []);
  const packets = sockets.map((_, index) =>
    Array.from({ length: 1000 }, (_unused, id) =>
      publishPacket(options.clients[index]?.topic ?? '', id + 1),
    ),
  );
  const counters = sockets.map(() => 0);
  // After the packets are made: what they cost is not the hub's.
  const startMs = performance.now();
  await new Promise<void>((resolve, reject) => {
    for (const [index, socket] of sockets.entries()) {
      let pendingBytes = 0;
      socket.once('close', () => reject(new Error('a connection was closed')));
      socket.on('data', (data) => {
        pendingBytes += data.length;
        const nowMs = performance.now();
        while (pendingBytes >= pubackBytes) {
          pendingBytes -= pubackBytes;
          acknowledged++;
          latenciesMs.push(nowMs - (queues[index]?.shift() ?? nowMs));
        }
        if (acknowledged === total) resolve();
      });
    }
    const tick = setInterval(() => {
      const due = Math.min(total, ((performance.now() - startMs) / 1000) * rate);
      for (; sent < due; sent++) {
        const index = sent % sockets.length;
        const counter = counters[index] ?? 0;
        counters[index] = counter + 1;
        queues[index]?.push(startMs + (sent / rate) * 1000);
        const packet = packets[index]?.[counter % 1000];
        if (packet) sockets[index]?.write(packet);
      }
      if (sent >= total) clearInterval(tick);
    }, 2);
  });
  return { acknowledged, latenciesMs };
}
