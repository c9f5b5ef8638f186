import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readRequest } from '../../src/pki/request.ts';
import { makeRequest } from './request.ts';

const pem = (der: Uint8Array) =>
  `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;

/** Reads it, or refuses it in words; anything else fails the property. */
async function readOrRefuse(csrPem: string): Promise<void> {
  try {
    await readRequest(csrPem);
  } catch (error) {
    expect(error).toMatchObject({ code: 'bad_request', field: 'csr' });
  }
}

it('a request with a few bytes changed is read or refused, never worse', async () => {
  const { der } = await makeRequest('P-256', 'CN=plug, O=Acme');
  const change = fc.tuple(fc.nat(der.length - 1), fc.integer({ min: 0, max: 255 }));
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      const broken = Buffer.from(der);
      for (const [at, byte] of changes) broken[at] = byte;
      await readOrRefuse(pem(broken));
    }),
    { numRuns: 3000 },
  );
}, 60_000);

it('a request that was cut, or has something after it, is read or refused', async () => {
  const { der } = await makeRequest();
  await fc.assert(
    fc.asyncProperty(fc.nat(der.length), fc.uint8Array({ maxLength: 40 }), async (end, tail) => {
      await readOrRefuse(pem(Buffer.concat([der.subarray(0, end), tail])));
    }),
    { numRuns: 1000 },
  );
}, 60_000);

it('any bytes and any text are refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.string(), async (bytes, text) => {
      await readOrRefuse(pem(bytes));
      await readOrRefuse(text);
    }),
    { numRuns: 1000 },
  );
}, 60_000);
