import { z } from '@hono/zod-openapi';
import { type Api, route } from '#auth';
import { parseDurationMs } from '#kernel';
import { byCaller } from './by.ts';
import { json, optionalBody } from './openapi.ts';
import {
  apiKeyRequest,
  certificate,
  certificateRequest,
  deviceIdParam,
  issuedCertificate,
  rotatedApiKey,
} from './schema.ts';
import type { Devices } from './service.ts';
import type { CertificateRecord } from './types.ts';

const tags = ['devices'];

/** What a device proves itself with. */
export function identityRoutes(api: Api, devices: Devices): void {
  api.openapi(
    route('devices.write', {
      method: 'post',
      path: '/devices/{id}/certificates',
      tags,
      summary: 'Make a client certificate, or sign the request a device made for a key of its own',
      request: {
        params: deviceIdParam,
        body: optionalBody(certificateRequest),
      },
      responses: { 201: json('Issued; the key is shown this once', issuedCertificate) },
    }),
    async (context) => {
      const { csr } = context.req.valid('json');
      const { id } = context.req.valid('param');
      const issued = await devices.proofs.issueCertificate(id, csr, byCaller(context));
      return context.json(
        {
          certificate: issued.certificatePem,
          ...(issued.keyPem === undefined ? {} : { key: issued.keyPem }),
          ca: issued.caPem,
          serial: issued.serial,
          not_after: issued.notAfter,
          mqtts_port: issued.mqttsPort ?? null,
        },
        201,
      );
    },
  );
  api.openapi(
    route('security.read', {
      method: 'get',
      path: '/devices/{id}/certificates',
      tags,
      summary: 'The certificates a device was given',
      request: { params: deviceIdParam },
      responses: { 200: json('Them', z.object({ certificates: z.array(certificate) })) },
    }),
    (context) => {
      const records = devices.proofs.certificatesOf(context.req.valid('param').id);
      return context.json({ certificates: records.map(certificateJson) }, 200);
    },
  );
  api.openapi(
    route('devices.write', {
      method: 'post',
      path: '/devices/{id}/revoke',
      tags,
      summary: 'Void its certificates, API key and MQTT credential, and end its connections',
      request: { params: deviceIdParam },
      responses: { 200: json('Revoked', z.object({ revoked: z.array(z.string()) })) },
    }),
    (context) => {
      const revoked = devices.revoke(context.req.valid('param').id, byCaller(context));
      return context.json({ revoked: [...revoked] }, 200);
    },
  );
  apiKeyRoutes(api, devices);
}

function apiKeyRoutes(api: Api, devices: Devices): void {
  api.openapi(
    route('devices.write', {
      method: 'post',
      path: '/devices/{id}/api-key',
      tags,
      summary: 'Give the device a new API key; the old one works on for a while',
      description:
        'The old key works for 24 hours, or for what overlap says: 0 for no longer, at most 30d. ' +
        'A key that was on its way out before is void.',
      request: { params: deviceIdParam, body: optionalBody(apiKeyRequest) },
      responses: { 200: json('The key', rotatedApiKey) },
    }),
    (context) => {
      const { overlap } = context.req.valid('json');
      const { apiKey, previousValidUntilMs } = devices.proofs.rotateApiKey(
        context.req.valid('param').id,
        readOverlapMs(overlap),
        byCaller(context),
      );
      const until = previousValidUntilMs === undefined ? null : isoOf(previousValidUntilMs);
      return context.json({ api_key: apiKey, previous_valid_until: until }, 200);
    },
  );
  api.openapi(
    route('devices.write', {
      method: 'delete',
      path: '/devices/{id}/api-key/previous',
      tags,
      summary: 'Void the API key before the newest one at once',
      request: { params: deviceIdParam },
      responses: { 204: { description: 'Void' } },
    }),
    (context) => {
      devices.proofs.revokePreviousApiKey(context.req.valid('param').id, byCaller(context));
      return context.body(null, 204);
    },
  );
}

/** `0` needs no unit; undefined stands for what is usual. */
function readOverlapMs(overlap: string | undefined): number | undefined {
  if (overlap === undefined || overlap === '0') return overlap === '0' ? 0 : undefined;
  return parseDurationMs(overlap, 'overlap');
}

const isoOf = (timeMs: number): string => new Date(timeMs).toISOString();

const certificateJson = (record: CertificateRecord) => ({
  serial: record.serial,
  fingerprint: record.fingerprint256,
  not_before: record.notBefore,
  not_after: record.notAfter,
  revoked_at: record.revokedAt ?? null,
});
