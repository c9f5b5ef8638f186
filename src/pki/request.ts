import 'reflect-metadata';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from '@peculiar/x509';
import { HearthError, messageOf } from '#kernel';

/** Far above any real request; what is longer is not even parsed. */
const maxRequestBytes = 16 * 1024;

/** What a device's request says, once its sender has proven to hold the key. */
export interface DeviceRequest {
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicKeyPem: string;
  /** The same in DER. */
  readonly publicKey: Buffer;
  /** As text, `CN=plug`; empty when it asks for none. */
  readonly subject: string;
  readonly commonName: string | undefined;
  /** The subjectAltName it asks for: names, addresses and URIs. */
  readonly names: readonly string[];
}

/**
 * Reads a device's own certificate request (PKCS #10, RFC 2986), so that a key made inside a secure
 * element never leaves it. What the request asks for is not what it gets: the authority names its
 * devices. Only the key is taken, once the request's signature has proven that its sender holds it.
 * With a `deviceId` the request may name that device or none.
 * @throws HearthError `bad_request` with field `csr`.
 */
export async function readRequest(csrPem: string, deviceId?: string): Promise<DeviceRequest> {
  if (Buffer.byteLength(csrPem) > maxRequestBytes) throw refused('it is longer than 16 KB');
  const { request, publicKeyPem, subject, commonNames, names } = parse(csrPem);
  const key = createKey(publicKeyPem);
  const weakness = weaknessOf(key);
  if (weakness !== undefined) throw refused(weakness);
  if (!(await isProven(request))) {
    throw refused('its signature does not fit its key', 'Sign the request with the key it holds.');
  }
  const contradiction =
    deviceId === undefined ? undefined : commonNames.find((name) => name !== deviceId);
  if (contradiction !== undefined) {
    throw refused(
      `its common name is "${contradiction.slice(0, 64)}", not "${deviceId}"`,
      'Leave the common name out, or make it the id of the device.',
    );
  }
  return {
    publicKeyPem,
    publicKey: key.export({ type: 'spki', format: 'der' }),
    subject,
    commonName: commonNames[0],
    names,
  };
}

/** Parts of a request are read when they are asked for: all that is asked for is read here. */
function parse(csrPem: string) {
  if (!/^-----BEGIN (NEW )?CERTIFICATE REQUEST-----/m.test(csrPem)) {
    throw refused('it is not a PEM certificate request');
  }
  try {
    const request = new Pkcs10CertificateRequest(csrPem);
    const alternatives = request.extensions.filter(
      (extension) => extension instanceof SubjectAlternativeNameExtension,
    );
    return {
      request,
      publicKeyPem: request.publicKey.toString('pem'),
      subject: request.subject,
      commonNames: request.subjectName.getField('CN'),
      names: alternatives.flatMap(({ names }) => names.items.map(({ value }) => value)),
    };
  } catch (error) {
    throw refused(`it cannot be read: ${messageOf(error)}`);
  }
}

function createKey(publicKeyPem: string): KeyObject {
  try {
    return createPublicKey(publicKeyPem);
  } catch (error) {
    throw refused(`its key cannot be read: ${messageOf(error)}`);
  }
}

/** Why a key is not good enough to name a device for ten years; undefined when it is. */
function weaknessOf(key: KeyObject): string | undefined {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return undefined;
    case 'ec':
      // What Node and OpenSSL call the two.
      return namedCurve === 'prime256v1' || namedCurve === 'secp384r1'
        ? undefined
        : `its key is on the curve ${namedCurve}`;
    case 'rsa':
      return modulusLength >= 2048 && modulusLength <= 8192
        ? undefined
        : `its RSA key has ${modulusLength} bits`;
    default:
      return `its key is of the kind ${key.asymmetricKeyType}`;
  }
}

async function isProven(request: Pkcs10CertificateRequest): Promise<boolean> {
  try {
    return await request.verify();
  } catch {
    // An algorithm that WebCrypto does not know (SHA-1, MD5) proves nothing either.
    return false;
  }
}

const refused = (
  reason: string,
  hint = 'Make one with a P-256, P-384, Ed25519 or RSA (2048 bits or more) key: openssl req -new -key device.key -out device.csr',
) =>
  new HearthError('bad_request', `the certificate request is refused: ${reason}`, {
    field: 'csr',
    hint,
  });
