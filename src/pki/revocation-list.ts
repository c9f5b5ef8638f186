import 'reflect-metadata';
import { createPrivateKey, sign, X509Certificate } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  PublicKey,
  X509Certificate as ReadCertificate,
} from '@peculiar/x509';
import type { CertifiedKey } from './certificates.ts';
import { bits, context, identifier, integer, octets, sequence, time } from './der.ts';
import { dayMs } from './time.ts';

/** A revoked certificate; the serial in hex. */
interface Revoked {
  readonly serial: string;
  readonly revokedAtMs: number;
}

/** How long a verifier may rely on one list. */
const lifetimeMs = 7 * dayMs;

/**
 * A certificate revocation list, version 2 (RFC 5280 §5), DER. It names no reasons: whoever reads
 * it needs to know only that a certificate is void. It is written here because X509CrlGenerator
 * looks through all entries for each entry, and puts an empty list of extensions into each, which
 * §5.3 does not allow.
 */
export async function signRevocationList(
  authority: CertifiedKey,
  list: {
    readonly number: number;
    readonly madeAtMs: number;
    readonly revoked: readonly Revoked[];
  },
): Promise<Buffer> {
  const algorithm = sequence(identifier('1.2.840.10045.4.3.2')); // ecdsa-with-SHA256 (RFC 5758)
  const publicKey = new X509Certificate(authority.certificatePem).publicKey;
  const keyIdentifier = await AuthorityKeyIdentifierExtension.create(
    new PublicKey(publicKey.export({ type: 'spki', format: 'der' })),
  );
  const entries = list.revoked.map(({ serial, revokedAtMs }) =>
    sequence(integer(serial), time(revokedAtMs)),
  );
  const body = sequence(
    integer('01'), // version 2
    algorithm,
    // Byte for byte the name in the authority's certificate.
    Buffer.from(new ReadCertificate(authority.certificatePem).subjectName.toArrayBuffer()),
    time(list.madeAtMs),
    time(list.madeAtMs + lifetimeMs),
    // §5.1.2.6: a list that names nobody leaves the member out.
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    context(
      0,
      sequence(
        Buffer.from(keyIdentifier.rawData), // §5.2.1
        sequence(identifier('2.5.29.20'), octets(integer(list.number.toString(16)))), // §5.2.3
      ),
    ),
  );
  const signature = sign('sha256', body, createPrivateKey(authority.keyPem));
  return sequence(body, algorithm, bits(signature));
}
