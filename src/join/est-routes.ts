import { X509Certificate } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import { type Api, clientCertificateOf, route } from '#auth';
import { applicantOf, certificatesResponse, refusalResponse, requestPemOf } from './est.ts';
import type { Join } from './service.ts';
import type { Admission } from './types.ts';
import { visitorOf } from './visitor.ts';

const tags = ['est'];
const certificates = 'application/pkcs7-mime';
const answers = (description: string) => ({
  200: { description, content: { [certificates]: { schema: z.string() } } },
});
const request = { body: { content: { 'application/pkcs10': { schema: z.string() } } } };

/** EST, RFC 7030, where §3.2.2 says that it is; and the list of what was revoked. */
export function estRoutes(api: Api, join: Join): void {
  api.openapi(
    route('public', {
      method: 'get',
      path: '/.well-known/est/cacerts',
      tags,
      summary: 'The certificates of this home’s authority (RFC 7030 §4.1)',
      responses: answers('They, as PKCS #7 in base64'),
    }),
    () => certificatesResponse(join.authority.caCertificates),
  );
  api.openapi(
    route('public', {
      method: 'post',
      path: '/.well-known/est/simpleenroll',
      tags,
      summary: 'A first certificate, by join code, password or registered key (RFC 7030 §4.2.1)',
      request,
      responses: answers('It, as PKCS #7 in base64'),
    }),
    async (context) => {
      try {
        const applicant = applicantOf(context.req.header('authorization'));
        const csr = requestPemOf(await context.req.text());
        return admitted(await join.enrolment.enrol(csr, applicant, visitorOf(context)));
      } catch (error) {
        return refusalResponse(error, 'basic');
      }
    },
  );
  api.openapi(
    route('public', {
      method: 'post',
      path: '/.well-known/est/simplereenroll',
      tags,
      summary: 'Another certificate for whoever shows one over TLS (RFC 7030 §4.2.2)',
      request,
      responses: answers('It, as PKCS #7 in base64'),
    }),
    async (context) => {
      try {
        const csr = requestPemOf(await context.req.text());
        const der = clientCertificateOf(context);
        return admitted(await join.enrolment.reenrol(csr, der, visitorOf(context)));
      } catch (error) {
        return refusalResponse(error, 'certificate');
      }
    },
  );
  api.openapi(
    route('public', {
      method: 'get',
      path: '/ca.crl',
      tags: ['trust'],
      summary: 'The list of revoked certificates (RFC 5280 §5), DER',
      responses: {
        200: {
          description: 'It',
          content: { 'application/pkix-crl': { schema: z.string() } },
        },
      },
    }),
    async () => {
      const der = await join.authority.revocationList();
      // RFC 5280 §4.2.1.13, RFC 2585 §4.2.
      return new Response(new Uint8Array(der), {
        headers: { 'content-type': 'application/pkix-crl', 'cache-control': 'max-age=3600' },
      });
    },
  );
}

const admitted = ({ certificatePem }: Admission): Response =>
  certificatesResponse([new X509Certificate(certificatePem).raw]);
