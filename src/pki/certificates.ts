// @peculiar/x509 needs the Reflect API at load time, so this stands first. Both cost a fifth of a
// second to load: this file is imported only when something is signed, and a plain start is not.
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  CRLDistributionPointsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonName,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Validity } from './time.ts';

const p256 = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const ecdsaWithSha256 = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** A certificate and its private key, both PEM; the key is PKCS #8 (RFC 5958). */
export interface CertifiedKey {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface KeyPair {
  readonly keyPem: string;
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicKeyPem: string;
}

export async function generateKeyPair(): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(p256, true, ['sign', 'verify']);
  return {
    keyPem: PemConverter.encode(
      await webcrypto.subtle.exportKey('pkcs8', keys.privateKey),
      PemConverter.PrivateKeyTag,
    ),
    publicKeyPem: PemConverter.encode(
      await webcrypto.subtle.exportKey('spki', keys.publicKey),
      PemConverter.PublicKeyTag,
    ),
  };
}

/**
 * Signs the authority's own certificate. Its name holds part of its key identifier, so that two
 * hubs trusted by one phone can be told apart, and so that signing the same key again gives the
 * same name, under which everything issued before still verifies. An authority that follows another
 * (`successorTo`, PEM) keeps its name: see `signAcross`.
 */
export async function signRoot(
  keys: KeyPair,
  validity: Validity,
  successorTo?: string,
): Promise<string> {
  const publicKey = new PublicKey(keys.publicKeyPem);
  const keyIdentifier = await SubjectKeyIdentifierExtension.create(publicKey);
  const ownName: JsonName = [
    { O: ['Hearth'] },
    { CN: [`Hearth CA ${keyIdentifier.keyId.slice(0, 8).toUpperCase()}`] },
  ];
  const name = successorTo === undefined ? ownName : new X509Certificate(successorTo).subjectName;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: name,
    issuer: name,
    ...dates(validity),
    publicKey,
    signingKey: await importSigningKey(keys.keyPem),
    signingAlgorithm: ecdsaWithSha256,
    extensions: [...authorityExtensions(), keyIdentifier],
  });
  return certificate.toString('pem');
}

/**
 * One authority's key in a certificate that another signs: with the old key for whoever still trusts
 * the old one alone, with the new key for whoever already trusts the new one alone (NewWithOld and
 * OldWithNew, RFC 4210 §4.4). Both bear one name, which makes this certificate self-issued: so the
 * old one's "none below me" lets it through (RFC 5280 §6.1.4 (l)).
 */
export async function signAcross(
  signer: CertifiedKey,
  subject: { readonly publicKeyPem: string; readonly validity: Validity },
): Promise<string> {
  const issuer = new X509Certificate(signer.certificatePem);
  const publicKey = new PublicKey(subject.publicKeyPem);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: issuer.subjectName,
    issuer: issuer.subjectName,
    ...dates(subject.validity),
    publicKey,
    signingKey: await importSigningKey(signer.keyPem),
    signingAlgorithm: ecdsaWithSha256,
    extensions: [
      ...authorityExtensions(),
      await SubjectKeyIdentifierExtension.create(publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return certificate.toString('pem');
}

const authorityExtensions = (): Extension[] => [
  // RFC 5280 §4.2.1.9: an authority, and none below it.
  new BasicConstraintsExtension(true, 0, true),
  new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
];

interface Subject {
  readonly commonName: string;
  readonly publicKeyPem: string;
  readonly validity: Validity;
}

/**
 * A certificate that lets its holder be a server under `names` (host names and IP addresses), and
 * says where the list of revoked certificates is, if anywhere (RFC 5280 §4.2.1.13).
 */
export const signServer = (
  root: CertifiedKey,
  subject: Subject,
  names: readonly string[],
  revocationListUrl: string | undefined,
): Promise<string> =>
  signLeaf(root, subject, [
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(
      names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
    ),
    ...(revocationListUrl === undefined
      ? []
      : [new CRLDistributionPointsExtension([revocationListUrl])]),
  ]);

/** A certificate that lets its holder be a client, named by `uri`. */
export const signClient = (root: CertifiedKey, subject: Subject, uri: string): Promise<string> =>
  signLeaf(root, subject, [
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
    new SubjectAlternativeNameExtension([{ type: 'url', value: uri }]),
  ]);

async function signLeaf(
  root: CertifiedKey,
  subject: Subject,
  purpose: readonly Extension[],
): Promise<string> {
  const issuer = new X509Certificate(root.certificatePem);
  const publicKey = new PublicKey(subject.publicKeyPem);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: [{ CN: [subject.commonName] }],
    issuer: issuer.subjectName,
    ...dates(subject.validity),
    publicKey,
    signingKey: await importSigningKey(root.keyPem),
    signingAlgorithm: ecdsaWithSha256,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      ...purpose,
      await SubjectKeyIdentifierExtension.create(publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return certificate.toString('pem');
}

/**
 * RFC 5280 §4.1.2.2: positive, at most 20 octets, and never given twice by one authority. 126
 * random bits see to the last; the first two bits, 01, to a positive number of full length.
 */
function randomSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

const dates = ({ notBeforeMs, notAfterMs }: Validity) => ({
  notBefore: new Date(notBeforeMs),
  notAfter: new Date(notAfterMs),
});

const importSigningKey = (keyPem: string) =>
  webcrypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(keyPem), p256, false, ['sign']);
