import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export interface TestCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

/** A throw-away authority that signs whatever name it is asked for. */
export async function testAuthority(name = 'test authority') {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const validity = {
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
  };
  const authority = await X509CertificateGenerator.createSelfSigned(
    {
      ...validity,
      serialNumber: '01',
      name: `CN=${name}`,
      keys,
      signingAlgorithm: algorithm,
      extensions: [new BasicConstraintsExtension(true, 0, true)],
    },
    webcrypto,
  );
  let serial = 1;
  const issue = async (holder: string): Promise<TestCertificate> => {
    const own = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    serial += 1;
    const certificate = await X509CertificateGenerator.create(
      {
        ...validity,
        serialNumber: serial.toString(16).padStart(2, '0'),
        subject: `CN=${holder}`,
        issuer: authority.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])],
      },
      webcrypto,
    );
    return { certificatePem: certificate.toString('pem'), keyPem: await pemOf(own.privateKey) };
  };
  return { caPem: authority.toString('pem'), issue };
}
