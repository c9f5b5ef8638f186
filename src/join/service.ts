import { type Api, type AuditPort, Throttle } from '#auth';
import type { Db } from '#db';
import type { Clock, Log, Part } from '#kernel';
import type { Authority } from '#pki';
import { Batches } from './batches.ts';
import { caRoutes } from './ca-routes.ts';
import { CertificateCare } from './care.ts';
import { Enrolment } from './enrolment.ts';
import { estRoutes } from './est-routes.ts';
import { joinRoutes } from './routes.ts';
import { type BatchRecord, JoinStore } from './store.ts';
import type { Accounts, JoinAlert, Registry } from './types.ts';
import { JoinWindow, type WindowRequest } from './window.ts';

export interface JoinOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly authority: Authority;
  readonly auth: Accounts;
  readonly audit: AuditPort;
  readonly alerts: { raise(alert: JoinAlert): void };
  readonly devices: Registry;
  /** Where MQTT over TLS listens now, for whoever gets a certificate; undefined while it does not. */
  readonly mqttsPort?: () => number | undefined;
}

/** Who did it, and from where. */
export interface By {
  readonly actor: string;
  readonly origin: string;
}

const minuteMs = 60_000;

/** The door for new devices: windows with codes, EST, keys known beforehand; and the authority behind it. */
export class Join implements Part {
  readonly name = 'join';
  readonly authority: Authority;
  readonly window: JoinWindow;
  readonly batches: Batches;
  readonly enrolment: Enrolment;
  readonly mqttsPort: () => number | undefined;
  readonly #options: JoinOptions;
  readonly #care: CertificateCare;

  constructor(options: JoinOptions) {
    const { db, clock, authority, devices } = options;
    this.#options = options;
    this.authority = authority;
    this.mqttsPort = options.mqttsPort ?? (() => undefined);
    const raise = (alert: JoinAlert) => options.alerts.raise(alert);
    this.window = new JoinWindow(clock, () => this.#exhausted());
    this.batches = new Batches({
      store: new JoinStore(db),
      clock,
      isTaken: (id) => devices.exists(id) && authority.certificatesOf(id).length > 0,
    });
    this.enrolment = new Enrolment({
      ...options,
      window: this.window,
      batches: this.batches,
      raise,
      tries: new Throttle({
        clock,
        tries: 10,
        firstDelayMs: minuteMs,
        maxDelayMs: 15 * minuteMs,
      }),
    });
    this.#care = new CertificateCare({ ...options, raise });
  }

  async start(): Promise<void> {
    this.#care.start();
  }

  async stop(): Promise<void> {
    this.#care.stop();
    this.window.close();
  }

  /** Adds `/join` and `/ca` below `/api/v1`. */
  routes(api: Api): void {
    joinRoutes(api, this);
    caRoutes(api, this);
  }

  /** Adds EST and the list of revoked certificates at `/`. */
  rootRoutes(api: Api): void {
    estRoutes(api, this);
  }

  /** Opens a window for one device; one that was open is closed. */
  openWindow(request: WindowRequest, { actor, origin }: By) {
    const opened = this.window.open(request);
    this.#options.audit.append({
      actor,
      action: 'join.open',
      subject: request.deviceId === undefined ? 'join window' : `device:${request.deviceId}`,
      outcome: 'ok',
      origin,
      detail: { minutes: request.minutes },
    });
    return opened;
  }

  closeWindow({ actor, origin }: By): void {
    if (!this.window.close()) return;
    const subject = 'join window';
    this.#options.audit.append({ actor, action: 'join.close', subject, outcome: 'ok', origin });
  }

  /** @throws HearthError `unprocessable` naming the line. */
  addBatch(csv: string, { name, actor, origin }: By & { readonly name: string }): BatchRecord {
    const batch = this.batches.add(csv, { name, addedBy: actor });
    this.#options.audit.append({
      actor,
      action: 'join.batch_add',
      subject: `batch:${batch.id}`,
      outcome: 'ok',
      origin,
      detail: { name, devices: batch.devices },
    });
    return batch;
  }

  /** @throws HearthError `not_found`. */
  removeBatch(id: string, { actor, origin }: By): void {
    this.batches.remove(id);
    const subject = `batch:${id}`;
    this.#options.audit.append({
      actor,
      action: 'join.batch_remove',
      subject,
      outcome: 'ok',
      origin,
    });
  }

  /** @throws HearthError `conflict` while an overlap lasts. */
  async rotateAuthority(by: By): Promise<void> {
    await this.authority.rotate();
    this.#auditRotation('begun', {}, by);
  }

  /** @throws HearthError `conflict` when nothing is to be finished, or devices would be shut out. */
  async finishRotation(force: boolean, by: By): Promise<readonly string[]> {
    const shutOut = await this.authority.finishRotation({ force });
    this.#auditRotation('finished', { shut_out: shutOut.length }, by);
    return shutOut;
  }

  #auditRotation(step: 'begun' | 'finished', more: object, { actor, origin }: By): void {
    this.#options.audit.append({
      actor,
      action: 'ca.rotate',
      subject: 'ca',
      outcome: 'ok',
      origin,
      detail: { step, fingerprint: this.authority.caFingerprint, ...more },
    });
  }

  #exhausted(): void {
    const { audit, alerts, log } = this.#options;
    log.warn('a join window was closed: too many wrong codes');
    audit.append({
      actor: 'hub',
      action: 'join.close',
      subject: 'join window',
      outcome: 'too_many_tries',
    });
    alerts.raise({
      kind: 'join_refused',
      message: 'A join window was closed: five wrong codes were tried.',
    });
  }
}
