import type { Db } from '#db';
import type { Clock, Log } from '#kernel';
import type { Vault } from '#secrets';

export interface AuthorityOptions {
  /** Its own folder in the data directory; made when missing. */
  readonly directory: string;
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  /** Seals the authority's key where it lies. */
  readonly vault: Vault;
  /** More names for the server certificate (`https.names`). */
  readonly extraNames?: readonly string[];
  /** The port of plain HTTP, where `/ca.crl` is: its address goes into the server certificate. */
  readonly crlPort?: number;
  /** What this machine is called now; a test gives its own. */
  readonly localNames?: () => readonly string[];
}

export interface ClientRequest {
  readonly deviceId: string;
  /** The device's own request, when its key is not to leave it. */
  readonly csrPem?: string;
  /** The serial of the certificate in whose place this one is issued. */
  readonly renews?: string;
}

export interface IssuedClient {
  readonly certificatePem: string;
  /** Only when the key was made here. It is not kept: this is the one time it is seen. */
  readonly keyPem?: string;
  readonly serial: string;
  /** SHA-256 of the DER, `AB:CD:…`. */
  readonly fingerprint256: string;
  /** ISO 8601 UTC. */
  readonly notAfter: string;
}

export interface ServerCredentials {
  /** The server certificate, in an overlap of two authorities with the one that links them. */
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** The authority as its owner sees it. Times are ISO 8601 UTC. */
export interface AuthorityState {
  /** Its common name, which an authority that follows it keeps. */
  readonly name: string;
  readonly fingerprint: string;
  readonly notAfter: string;
  /** The one before, while both are trusted. */
  readonly previous:
    | {
        readonly fingerprint: string;
        readonly notAfter: string;
        /** Devices that have no certificate of the new authority yet, by id. */
        readonly devices: readonly string[];
      }
    | undefined;
}
