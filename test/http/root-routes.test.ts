import { expect, it } from 'vitest';
import { type Api, clientCertificateOf, route } from '#auth';
import { ask, listening, openHouse } from './house.ts';

const path = '/.well-known/test';
const plain = { 200: { description: 'It' } };

const shows = (api: Api) => {
  api.openapi(
    route('public', { method: 'get', path, tags: ['test'], responses: plain }),
    (context) => {
      const der = clientCertificateOf(context);
      return context.text(der === undefined ? 'none' : Buffer.from(der).toString('base64'));
    },
  );
  api.openapi(
    route('system.read', { method: 'post', path, tags: ['test'], responses: plain }),
    (context) => context.text('read'),
  );
};

it('a part may answer at the root, by the same rules', async () => {
  const { fromLan, as } = await openHouse({ rootRoutes: [shows] });
  expect(await (await fromLan(path)).text()).toBe('none');
  expect((await fromLan(path, { method: 'POST' })).status).toBe(401);
  expect((await fromLan(path, { method: 'POST', headers: as('guest') })).status).toBe(403);
  expect((await fromLan(path, { method: 'POST', headers: as('owner') })).status).toBe(200);
  const document = await (await fromLan('/openapi.json', { headers: as('owner') })).json();
  expect(document).toMatchObject({ paths: { [path]: { get: { 'x-access': 'public' } } } });
});

it('a part that forgets the rule at the root does not open', async () => {
  const forgetful = (api: Api) => void api.get('/all', (context) => context.text('all'));
  await expect(openHouse({ rootRoutes: [forgetful] })).rejects.toThrow(
    'GET /all is not made with route()',
  );
});

it('is sent on to HTTPS, but for the list of revoked certificates', async () => {
  const { fromLan } = await openHouse({ rootRoutes: [shows] });
  expect((await fromLan(path, { door: 'http' })).status).toBe(308);
  expect((await fromLan('/ca.crl', { door: 'http' })).status).not.toBe(308);
});

it('a handler sees the certificate that a client shows, and that another shows none', async () => {
  const { http, authority } = await listening({ rootRoutes: [shows] });
  const port = http.addresses().https;
  const { certificatePem, keyPem } = await authority.issueClient({ deviceId: 'plug' });
  const shown = { cert: certificatePem, ...(keyPem !== undefined && { key: keyPem }) };
  const answer = await ask({ port, ca: authority.caPem, path, ...shown });
  const der = certificatePem.replaceAll(/-----.*?-----|\s/g, '');
  expect(answer.text).toBe(der);
  expect((await ask({ port, ca: authority.caPem, path })).text).toBe('none');
});
