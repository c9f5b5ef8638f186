import { HubProcess } from '../support/hub-process.ts';
import { registerDevice } from '../support/plain-device.ts';
import { RawClient } from '../support/raw-client.ts';

/** Messages that one device may have under way. */
const windowMessages = 1000;

interface Sent {
  readonly number: number;
  readonly packetId: number;
  readonly payload: string;
}

/**
 * A device that numbers its readings and remembers which were acknowledged: the model, kept outside
 * the hub, that the hub's history is compared with.
 */
class CountingDevice {
  readonly id: string;
  /** With a time of its own a reading is told by it; without one by packet id and payload. */
  readonly #timed: boolean;
  readonly password: string;
  readonly acknowledged = new Set<number>();
  readonly #waiting = new Map<number, Sent>();
  #next = 1;
  #client: RawClient | undefined;

  constructor(id: string, timed: boolean, password: string) {
    this.id = id;
    this.#timed = timed;
    this.password = password;
  }

  get sentCount(): number {
    return this.#next - 1;
  }

  /** Connects, sends again what was never acknowledged [MQTT-4.4.0-1], then goes on. */
  async connect(port: number, onAcknowledged: () => void): Promise<void> {
    const client = await RawClient.connect({
      port,
      id: this.id,
      username: this.id,
      password: this.password,
    });
    this.#client = client;
    client.onPacket = (packet) => {
      if (packet.cmd !== 'puback') throw new Error(`unexpected ${packet.cmd}`);
      const sent = this.#waiting.get(packet.messageId ?? 0);
      if (sent === undefined) throw new Error(`PUBACK for ${packet.messageId}, which was not sent`);
      this.#waiting.delete(sent.packetId);
      this.acknowledged.add(sent.number);
      onAcknowledged();
      this.#fill();
    };
    for (const sent of this.#waiting.values()) this.#publish(sent, true);
    this.#fill();
  }

  end(): void {
    this.#client?.end();
    this.#client = undefined;
  }

  #fill(): void {
    while (this.#client !== undefined && this.#waiting.size < windowMessages) {
      const number = this.#next++;
      const reading: Record<string, unknown> = { number };
      if (this.#timed) reading.timestamp = new Date(Date.now() - 3_600_000 + number).toISOString();
      const sent = {
        number,
        packetId: (number % 65_535) + 1,
        payload: JSON.stringify(reading),
      };
      this.#waiting.set(sent.packetId, sent);
      this.#publish(sent, false);
    }
  }

  #publish(sent: Sent, duplicate: boolean): void {
    this.#client?.publish(`devices/${this.id}/telemetry`, sent.payload, sent.packetId, duplicate);
  }
}

export interface KillingReport {
  readonly rounds: number;
  readonly sent: number;
  readonly acknowledged: number;
  /** What the hub's history gets wrong; empty when every promise held. */
  readonly broken: readonly string[];
}

/**
 * Starts the hub, loads it, kills it with SIGKILL at a random moment, and again; after each restart
 * every acknowledged reading must be there exactly once and no other one twice.
 */
export async function killAndCompare(
  directory: string,
  rounds: number,
  random: () => number,
): Promise<KillingReport> {
  // Small seals, so that kills land in the middle of them too.
  const environment = { HEARTH_TELEMETRY_SEAL_POINTS: '4000' };
  const broken: string[] = [];
  let hub = await HubProcess.start({ directory, environment });
  const devices = [await register(hub, 'timed', true), await register(hub, 'untimed', false)];
  for (let round = 1; round <= rounds && broken.length === 0; round++) {
    const killAfter = 1 + Math.floor(random() * 6000);
    await loadUntil(hub, devices, killAfter);
    await hub.end('SIGKILL');
    for (const device of devices) device.end();
    hub = await HubProcess.start({ directory, environment });
    for (const device of devices) {
      broken.push(...(await compare(hub, device)).map((text) => `round ${round}: ${text}`));
    }
  }
  const exitCode = await hub.end();
  if (exitCode !== 0) broken.push(`the last stop ended with ${exitCode}`);
  return {
    rounds,
    sent: devices.reduce((sum, device) => sum + device.sentCount, 0),
    acknowledged: devices.reduce((sum, device) => sum + device.acknowledged.size, 0),
    broken,
  };
}

async function register(hub: HubProcess, id: string, timed: boolean): Promise<CountingDevice> {
  return new CountingDevice(id, timed, await registerDevice(hub, id));
}

/** Lets the devices publish until `count` more readings were acknowledged. */
async function loadUntil(
  hub: HubProcess,
  devices: readonly CountingDevice[],
  count: number,
): Promise<void> {
  let seen = 0;
  await new Promise<void>((resolve, reject) => {
    const onAcknowledged = () => {
      if (++seen >= count) resolve();
    };
    for (const device of devices) device.connect(hub.ports.mqtt, onAcknowledged).catch(reject);
  });
}

async function compare(hub: HubProcess, device: CountingDevice): Promise<string[]> {
  const answer = (await hub.get(
    `/api/v1/devices/${device.id}/telemetry?start=-1d&end=%2B1h&fields=number&limit=1000000`,
  )) as { data: { number: number }[] };
  const times = new Map<number, number>();
  for (const { number } of answer.data) times.set(number, (times.get(number) ?? 0) + 1);
  const broken: string[] = [];
  for (const number of device.acknowledged) {
    if (!times.has(number))
      broken.push(`${device.id}: reading ${number} was acknowledged and is gone`);
  }
  for (const [number, count] of times) {
    if (count > 1) broken.push(`${device.id}: reading ${number} is there ${count} times`);
  }
  return broken.slice(0, 5);
}
