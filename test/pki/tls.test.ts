import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Authority } from '#pki';
import { temporaryDirectory } from '../support/directory.ts';
import { startAuthority } from '../support/pki.ts';
import { type KeyKind, makeRequest } from './request.ts';

interface ClientOptions {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
}

/** How a handshake ends: with whom the server sees, or with the error of the side that refused. */
async function handshake(authority: Authority, options: ClientOptions): Promise<unknown> {
  const { certificatePem, keyPem } = authority.serverCredentials();
  const server = createServer({
    cert: certificatePem,
    key: keyPem,
    ca: authority.caPem,
    requestCert: true,
    // So that the reason for a refusal is seen here; a listener refuses.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const seen = once(server, 'secureConnection');
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: '127.0.0.1', servername: 'localhost', ...options });
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  try {
    await once(client, 'secureConnect');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
  const [socket] = (await seen) as [TLSSocket];
  const verdict = socket.authorized
    ? authority.identify(socket.getPeerCertificate().raw)
    : socket.authorizationError;
  socket.destroy();
  return verdict;
}

describe('a TLS 1.3 handshake with certificates on both sides', () => {
  it.each<KeyKind | 'ours'>(['ours', 'P-256', 'P-384', 'Ed25519', 'RSA 2048'])(
    'succeeds with a key of kind %s, and tells which device it is',
    async (kind) => {
      const authority = await startAuthority();
      const request = kind === 'ours' ? undefined : await makeRequest(kind);
      const issued = await authority.issueClient({
        deviceId: 'plug',
        ...(request ? { csrPem: request.csrPem } : {}),
      });
      const key = issued.keyPem ?? request?.keyPem ?? '';
      expect(
        await handshake(authority, { ca: authority.caPem, cert: issued.certificatePem, key }),
      ).toEqual({ deviceId: 'plug', serial: issued.serial });
    },
  );

  it('fails without a certificate', async () => {
    const authority = await startAuthority();
    expect(await handshake(authority, { ca: authority.caPem })).toBe('UNABLE_TO_GET_ISSUER_CERT');
  });

  it('fails with a certificate of another authority', async () => {
    const [authority, other] = [await startAuthority(), await startAuthority()];
    const { certificatePem: cert, keyPem: key = '' } = await other.issueClient({
      deviceId: 'plug',
    });
    expect(await handshake(authority, { ca: authority.caPem, cert, key })).toBe(
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    );
  });

  it('fails when a server certificate is shown for a client one', async () => {
    const authority = await startAuthority();
    const { certificatePem: cert, keyPem: key } = authority.serverCredentials();
    expect(await handshake(authority, { ca: authority.caPem, cert, key })).toBe('INVALID_PURPOSE');
  });

  it('tells a client that trusts another authority, or asks for another name, to stay away', async () => {
    const [authority, other] = [await startAuthority(), await startAuthority()];
    expect(await handshake(authority, { ca: other.caPem })).toBe('SELF_SIGNED_CERT_IN_CHAIN');
    expect(await handshake(authority, { ca: authority.caPem, servername: 'evil.example' })).toBe(
      'ERR_TLS_CERT_ALTNAME_INVALID',
    );
  });
});

const hasOpenSsl = spawnSync('openssl', ['version']).status === 0;

describe.skipIf(!hasOpenSsl)('openssl', () => {
  it('verifies what the authority issued, strictly and for its purpose', async () => {
    const directory = await temporaryDirectory();
    const authority = await startAuthority();
    const { certificatePem } = await authority.issueClient({ deviceId: 'plug' });
    const files = {
      'ca.crt': authority.caPem,
      'device.crt': certificatePem,
      'server.crt': authority.serverCredentials().certificatePem,
    };
    for (const [name, pem] of Object.entries(files)) await writeFile(join(directory, name), pem);
    const verify = (purpose: string, file: string) =>
      execFileSync(
        'openssl',
        ['verify', '-x509_strict', '-CAfile', 'ca.crt', '-purpose', purpose, file],
        { cwd: directory, encoding: 'utf8', stdio: 'pipe' },
      ).trim();
    expect(verify('sslclient', 'device.crt')).toBe('device.crt: OK');
    expect(verify('sslserver', 'server.crt')).toBe('server.crt: OK');
    expect(() => verify('sslserver', 'device.crt')).toThrow(/unsuitable certificate purpose/);
    expect(() => verify('sslclient', 'server.crt')).toThrow(/unsuitable certificate purpose/);
  });
});
