import { type Api, type AuditPort, actorOf, type Caller } from '#auth';
import type { Db } from '#db';
import type { Clock } from '#kernel';
import { type DevicePort, LineDevices } from './devices.ts';
import { lineProtocolRoutes } from './routes.ts';
import { LineWriter, type Sink, type WriteOutcome, type WriteRequest } from './writer.ts';

export interface LineProtocolOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly telemetry: Sink;
  readonly devices: DevicePort & {
    deviceOfApiKey(key: string): { readonly id: string; readonly name: string } | undefined;
  };
  readonly auth: { callerOfBearer(token: string): Caller | undefined };
  readonly audit?: AuditPort;
}

/** Old history comes in many requests: of whoever sends them there is a row in so long. */
const noteEveryMs = 3_600_000;

/** Writes as InfluxDB takes them, for programs that know no other way. */
export class LineProtocol {
  readonly #options: LineProtocolOptions;
  readonly #writer: LineWriter;
  /** When the audit was told last of those who bring in old history. */
  readonly #noted = new Map<string, number>();

  constructor(options: LineProtocolOptions) {
    this.#options = options;
    const { clock, telemetry: sink } = options;
    const devices = new LineDevices(options.db, options.devices);
    this.#writer = new LineWriter({ clock, sink, devices });
  }

  /** See `LineWriter.write`. */
  write(request: WriteRequest): Promise<WriteOutcome> {
    if (request.isImport) this.#note(request);
    return this.#writer.write(request);
  }

  /** Whose token or device key this is. */
  callerOf(secret: string): Caller | undefined {
    const { auth, devices } = this.#options;
    const caller = auth.callerOfBearer(secret);
    if (caller !== undefined) return caller;
    const device = devices.deviceOfApiKey(secret);
    return device && { kind: 'device', id: device.id, name: device.name, role: 'device' };
  }

  rootRoutes(api: Api): void {
    lineProtocolRoutes(api, this);
  }

  /** Ordinary readings are not written down; what takes the place of old ones is. */
  #note({ caller, by }: WriteRequest): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const [who, atMs] of this.#noted) {
      if (nowMs - atMs >= noteEveryMs) this.#noted.delete(who);
    }
    const actor = actorOf(caller);
    if (this.#noted.has(actor)) return;
    this.#noted.set(actor, nowMs);
    this.#options.audit?.append({
      ...by,
      actor,
      action: 'telemetry.import',
      subject: 'history',
      outcome: 'ok',
      detail: { format: 'line-protocol' },
    });
  }
}
