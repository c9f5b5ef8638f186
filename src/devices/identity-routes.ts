import { z } from '@hono/zod-openapi';
import { type Api, route } from '#auth';
import { json, optionalBody } from './openapi.ts';
import {
  certificate,
  certificateRequest,
  deviceIdParam,
  issuedCertificate,
  withApiKey,
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
      const issued = await devices.issueCertificate(context.req.valid('param').id, csr);
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
      const records = devices.certificatesOf(context.req.valid('param').id);
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
      const revoked = devices.revoke(context.req.valid('param').id);
      return context.json({ revoked: [...revoked] }, 200);
    },
  );
  api.openapi(
    route('devices.write', {
      method: 'post',
      path: '/devices/{id}/api-key',
      tags,
      summary: 'Give the device a new API key; the old one is void',
      request: { params: deviceIdParam },
      responses: { 200: json('The key', withApiKey) },
    }),
    (context) =>
      context.json({ api_key: devices.rotateApiKey(context.req.valid('param').id) }, 200),
  );
}

const certificateJson = (record: CertificateRecord) => ({
  serial: record.serial,
  fingerprint: record.fingerprint256,
  not_before: record.notBefore,
  not_after: record.notAfter,
  revoked_at: record.revokedAt ?? null,
});
