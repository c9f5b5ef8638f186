import { context, identifier, integer, sequence, setOf } from './der.ts';

/**
 * Certificates in an envelope that signs nothing: the "certs-only" message of RFC 5272 §4.1, which
 * is how EST hands them out (RFC 7030 §4.1.3, §4.2.3). DER in, DER out.
 */
export const certificatesOnly = (certificates: readonly Uint8Array[]): Buffer =>
  sequence(
    identifier('1.2.840.113549.1.7.2'), // id-signedData (RFC 5652 §5.1)
    context(
      0,
      sequence(
        integer('01'),
        setOf(0x31, []), // digestAlgorithms
        sequence(identifier('1.2.840.113549.1.7.1')), // id-data, and no content
        setOf(0xa0, certificates), // [0] IMPLICIT CertificateSet
        setOf(0x31, []), // signerInfos
      ),
    ),
  );
