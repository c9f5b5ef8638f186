import type { AuditPort } from '#auth';
import { type Clock, HearthError, isHearthError } from '#kernel';
import { type Authority, type DeviceRequest, uriOf } from '#pki';
import type { Batches } from './batches.ts';
import { type JoinRequest, joinableId } from './schema.ts';
import type { RegisteredKey } from './store.ts';
import type { Accounts, Admission, JoinAlert, Registry, Visitor } from './types.ts';
import type { JoinWindow, Ticket } from './window.ts';

export interface EnrolmentOptions {
  readonly clock: Clock;
  readonly authority: Pick<
    Authority,
    'readRequest' | 'issueClient' | 'identify' | 'certificatesOf' | 'firstUse' | 'markUsed'
  >;
  readonly auth: Accounts;
  readonly devices: Registry;
  readonly batches: Batches;
  readonly window: JoinWindow;
  readonly audit: AuditPort;
  readonly raise: (alert: JoinAlert) => void;
  /** Makes guessing slow, by address. */
  readonly tries: { attempt(key: string): void; succeeded(key: string): void };
}

/** Who asks over EST, as far as HTTP Basic says so. */
export interface EstApplicant {
  readonly id: string;
  readonly password: string;
}

/** By what a device came in, as it is written down. */
type Proof = 'code' | 'password' | 'registered key' | 'api key' | 'client certificate';

interface Admitted {
  readonly admission: Admission;
  readonly by: Proof;
}

/** Beyond what renewing takes, a device only fills the register. */
const mostValid = 20;

/**
 * Decides who gets a certificate: a device with the code of an open window, one whose key was
 * registered, one that is here already and proves it. Whoever is refused is written down.
 *
 * Keys and what we made ourselves cannot be guessed: they are judged at once, however many wrong codes
 * came from the same address. Only codes and passwords wait.
 */
export class Enrolment {
  readonly #options: EnrolmentOptions;

  constructor(options: EnrolmentOptions) {
    this.#options = options;
  }

  /**
   * Lets a new device in, by code or by its registered key.
   * @throws HearthError `forbidden` for a wrong code or key, `conflict` for an id that is taken,
   * `bad_request` for a bad request, `unprocessable` for an id that cannot be.
   */
  async join(request: JoinRequest, visitor: Visitor): Promise<Admission> {
    return this.#recorded('join', request.id, visitor, async () => {
      const registered = this.#options.batches.keyOf(request.id);
      return registered === undefined
        ? this.#joinByCode(request, undefined, visitor)
        : this.#joinByKey(registered, request, visitor);
    });
  }

  /**
   * `/simpleenroll` (RFC 7030 §4.2.1): with a join code, or with the device's own API key or MQTT
   * password; without any for a registered key, whose id is then the common name of the request.
   * @throws HearthError as `join`, and `unauthenticated`.
   */
  async enrol(
    csr: string,
    applicant: EstApplicant | undefined,
    visitor: Visitor,
  ): Promise<Admission> {
    const { authority, batches, tries } = this.#options;
    const id = applicant?.id ?? (await authority.readRequest(csr)).commonName;
    if (id === undefined) throw notAuthenticated();
    requireJoinable(id);
    return this.#recorded('enrol', id, visitor, async () => {
      const registered = batches.keyOf(id);
      const password = applicant?.password ?? '';
      const by = await this.#ownProof(id, password, visitor);
      if (by !== undefined) {
        this.#requireRegistered(registered, await authority.readRequest(csr, id), id, visitor);
        return { admission: await this.#issue(id, csr), by };
      }
      const request = { id, csr, ...(password === '' ? {} : { code: password }) };
      if (registered !== undefined) return this.#joinByKey(registered, request, visitor);
      // A device that has forgotten its password tries again and again: that closes no window.
      if (password === '') throw notAuthenticated();
      if (!this.#mayComeByCode(id)) {
        tries.attempt(visitor.remoteAddress);
        throw notAuthenticated();
      }
      return this.#joinByCode(request, undefined, visitor);
    });
  }

  /**
   * `/simplereenroll` (RFC 7030 §4.2.2): another certificate for the device that this one names.
   * @param der of the certificate that the TLS connection was made with.
   * @throws HearthError `forbidden` when it names nobody, `bad_request` for another name.
   */
  async reenrol(csr: string, der: Uint8Array | undefined, visitor: Visitor): Promise<Admission> {
    const { authority, batches } = this.#options;
    const holder = der === undefined ? { refused: 'missing' as const } : authority.identify(der);
    const id = ('deviceId' in holder && holder.deviceId) || '';
    return this.#recorded('reenrol', id, visitor, async () => {
      if ('refused' in holder) {
        throw new HearthError('forbidden', `the client certificate is ${holder.refused}`, {
          hint: 'Connect with the certificate that is to be renewed.',
        });
      }
      const request = await authority.readRequest(csr, id);
      requireSameNames(request, id);
      this.#requireRegistered(batches.keyOf(id), request, id, visitor);
      const used = der && authority.firstUse(der);
      if (used !== undefined) authority.markUsed([used]);
      return { admission: await this.#issue(id, csr, holder.serial), by: 'client certificate' };
    });
  }

  async #joinByKey(
    registered: RegisteredKey,
    request: JoinRequest,
    visitor: Visitor,
  ): Promise<Admitted> {
    const { authority, batches } = this.#options;
    const { id, csr } = request;
    this.#requireRegistered(registered, await authority.readRequest(csr, id), id, visitor);
    const certificates = this.#certificatesOf(id);
    const isNew = registered.claimedAtMs === undefined && certificates.length === 0;
    const isHere = certificates.some((it) => this.#isValid(it));
    // Whose device was removed or revoked by its owner comes back by the owner's will alone.
    if (!isNew && !isHere) {
      if (request.code === undefined) throw needsCodeNow(id);
      return this.#joinByCode(request, registered, visitor);
    }
    this.#create(request, registered);
    const admission = await this.#issue(id, csr);
    batches.markClaimed(id);
    return { admission, by: 'registered key' };
  }

  async #joinByCode(
    request: JoinRequest,
    registered: RegisteredKey | undefined,
    { remoteAddress }: Visitor,
  ): Promise<Admitted> {
    const { authority, batches, tries, window } = this.#options;
    const { id, csr, code = '' } = request;
    tries.attempt(remoteAddress);
    const ticket = window.enter(code, id);
    try {
      const { publicKey } = await authority.readRequest(csr, id);
      const before = ticket.admitted(publicKey);
      if (before !== undefined) return { admission: before, by: 'code' };
      this.#requireFree(id, ticket);
      this.#create(request, registered);
      const admission = await this.#issue(id, csr);
      ticket.spend(publicKey, admission);
      if (registered !== undefined) batches.markClaimed(id);
      return { admission, by: 'code' };
    } finally {
      ticket.release();
    }
  }

  /** The key it was given when it was added, or its MQTT password: that has a limit of its own. */
  async #ownProof(
    id: string,
    password: string,
    { remoteAddress }: Visitor,
  ): Promise<'api key' | 'password' | undefined> {
    const { auth, devices } = this.#options;
    if (password === '' || !devices.exists(id)) return undefined;
    if (devices.deviceOfApiKey(password)?.id === id) return 'api key';
    const found = await auth.credentials.verify(id, password, remoteAddress);
    return found?.role === 'device' && found.name === id ? 'password' : undefined;
  }

  #create({ id, name, type }: JoinRequest, registered: RegisteredKey | undefined): void {
    const { devices } = this.#options;
    if (devices.exists(id)) return;
    const given = { name: registered?.name ?? name, type: registered?.type ?? type };
    devices.create({
      id,
      ...(given.name === undefined ? {} : { name: given.name }),
      ...(given.type === undefined ? {} : { type: given.type }),
    });
  }

  async #issue(id: string, csrPem: string, renews?: string): Promise<Admission> {
    const { authority, devices } = this.#options;
    // `get` answers for a device that is gone, too.
    if (devices.get(id).state === 'disabled') {
      throw new HearthError('conflict', `the device "${id}" is disabled`, {
        field: 'id',
        hint: 'Its owner sets it to active first.',
      });
    }
    if (this.#certificatesOf(id).filter((it) => this.#isValid(it)).length >= mostValid) {
      throw new HearthError('conflict', `"${id}" has ${mostValid} valid certificates already`, {
        hint: 'Use the newest of them, or let the owner revoke the device.',
      });
    }
    const issued = await authority.issueClient({
      deviceId: id,
      csrPem,
      ...(renews === undefined ? {} : { renews }),
    });
    return { deviceId: id, certificatePem: issued.certificatePem, notAfter: issued.notAfter };
  }

  #requireRegistered(
    registered: RegisteredKey | undefined,
    { publicKey }: DeviceRequest,
    id: string,
    visitor: Visitor,
  ): void {
    if (registered === undefined || registered.publicKey.equals(publicKey)) return;
    const { devices, raise } = this.#options;
    raise({
      kind: 'join_refused',
      ...(devices.exists(id) ? { deviceId: id } : {}),
      message: `A device that calls itself "${id}" showed another key than the one registered for it.`,
      detail: { id, from: visitor.origin },
    });
    throw new HearthError('forbidden', `another key is registered for "${id}"`, {
      field: 'csr',
      hint: 'Sign the request with the key that was listed for this device.',
    });
  }

  #mayComeByCode(id: string): boolean {
    const { window } = this.#options;
    return this.#certificatesOf(id).length === 0 || window.state()?.deviceId === id;
  }

  /** A code opens the home to a device that is new, not to one that takes another's name. */
  #requireFree(id: string, { isForThisDevice }: Ticket): void {
    if (isForThisDevice || this.#certificatesOf(id).length === 0) return;
    throw new HearthError('conflict', `there is a device "${id}" already`, {
      field: 'id',
      hint: `Choose another id. The owner can open a window for this one: hearth join open --id ${id}.`,
    });
  }

  /** Those of the device that is here now, not of one of the same name that was removed. */
  #certificatesOf(id: string) {
    const { authority, devices } = this.#options;
    if (!devices.exists(id)) return [];
    const since = devices.get(id).created_at;
    // Removing a device revokes what it had: what is valid is of this one, whatever a clock said.
    return authority
      .certificatesOf(id)
      .filter(({ issuedAt, revokedAt }) => issuedAt >= since || revokedAt === undefined);
  }

  #isValid({
    revokedAt,
    notAfter,
  }: {
    readonly revokedAt: string | undefined;
    readonly notAfter: string;
  }) {
    return revokedAt === undefined && Date.parse(notAfter) >= this.#options.clock.nowMs();
  }

  async #recorded(
    way: 'join' | 'enrol' | 'reenrol',
    id: string,
    { origin, remoteAddress }: Visitor,
    decide: () => Promise<Admitted>,
  ): Promise<Admission> {
    const { audit, tries } = this.#options;
    const slice = way === 'join' ? 'join' : 'est';
    const subject = `device:${id.slice(0, 64)}`;
    try {
      const { admission, by } = await decide();
      if (by === 'code' || by === 'password') tries.succeeded(remoteAddress);
      const action = `${slice}.${way}`;
      audit.append({ actor: subject, action, subject, outcome: 'ok', origin, detail: { by } });
      return admission;
    } catch (error) {
      if (isHearthError(error) && error.code === 'too_many_requests') throw error;
      // Nobody fills the record with refusals. This bars no right proof: only refusals count here.
      tries.attempt(`refused ${remoteAddress}`);
      const outcome = isHearthError(error) ? error.code : 'failed';
      audit.append({ actor: 'nobody', action: `${slice}.refuse`, subject, outcome, origin });
      throw error;
    }
  }
}

/** What arrives over EST has passed no schema. */
function requireJoinable(id: string): void {
  if (joinableId.safeParse(id).success) return;
  throw new HearthError('bad_request', 'no device can have that id', {
    field: 'id',
    hint: 'Use 1 to 64 letters, digits, "_", "." and "-", and begin with a letter or digit.',
  });
}

/** RFC 7030 §4.2.2: the names of the request are those of the certificate. Leaving out the alternative one is let pass. */
function requireSameNames({ subject, names }: DeviceRequest, id: string): void {
  if (subject === `CN=${id}` && names.every((name) => name === uriOf(id))) return;
  throw new HearthError('bad_request', 'the request has other names than the certificate', {
    field: 'csr',
    hint: `Its subject is CN=${id}, its alternative name ${uriOf(id)} or none.`,
  });
}

const notAuthenticated = (): HearthError =>
  new HearthError('unauthenticated', 'say which device this is, and prove it', {
    hint: 'HTTP Basic: the id of the device, and a join code, its API key or its MQTT password.',
  });

const needsCodeNow = (id: string): HearthError =>
  new HearthError(
    'forbidden',
    `the owner removed or revoked "${id}": its key alone is not enough`,
    {
      field: 'code',
      hint: `It needs a code now. The owner opens a window for it: hearth join open --id ${id}.`,
    },
  );
