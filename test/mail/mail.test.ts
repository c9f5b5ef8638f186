import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { silentLog } from '#kernel';
import { Mail, type MailSettings } from '#mail';
import { createOwner, originOf, owner, startHub } from '../e2e/home.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { mailServer } from './mail-server.ts';

async function post({ offersTls = true } = {}) {
  const { received, port } = await mailServer({ offersTls });
  const mail = (settings: Partial<MailSettings> = {}) =>
    new Mail({
      log: silentLog,
      settings: {
        host: '127.0.0.1',
        port,
        security: 'none',
        from: 'Home <hub@home.example>',
        ...settings,
      },
    });
  return { received, mail };
}

describe('a mail', () => {
  it('reaches the server as it was written', async () => {
    const { received, mail } = await post();
    await mail().send('ada@home.example', 'A new password', 'The code: k7qm\n\nGrüße');
    expect(received).toMatchObject([{ from: 'hub@home.example', to: ['ada@home.example'] }]);
    expect(received[0]?.text).toMatch(/^From: Home <hub@home\.example>\r$/m);
    expect(received[0]?.text).toMatch(/^Subject: A new password\r$/m);
    expect(received[0]?.text).toMatch(/k7qm/);
  });

  it('goes to one address, whatever is in it', async () => {
    const { received, mail } = await post();
    const two = 'ada@home.example, eve@home.example';
    await mail()
      .send(two, 'x\r\nBcc: eve@home.example', 'text')
      .catch(() => undefined);
    expect(received.flatMap(({ to }) => to)).not.toContain('eve@home.example');
    expect(received.map(({ text }) => text).join()).not.toMatch(/^Bcc:/m);
  });

  it('is sent with the name and password that the server wants', async () => {
    const { received, mail } = await post();
    await mail({ user: 'hub', password: 'plum-kettle' }).send('ada@home.example', 'x', 'y');
    expect(received).toMatchObject([{ user: 'hub' }]);
    const refused = mail({ user: 'hub', password: 'wrong-plum' }).send(
      'ada@home.example',
      'x',
      'y',
    );
    await expect(refused).rejects.toThrow('Invalid login');
    await expect(refused).rejects.not.toThrow('wrong-plum');
  });

  it.each([
    ['is not sent in the clear where the server has no STARTTLS', { offersTls: false }],
    ['is not sent to a server whose certificate nobody vouches for', {}],
  ])('%s', async (_, server) => {
    const { received, mail } = await post(server);
    await expect(
      mail({ security: 'starttls' }).send('ada@home.example', 'x', 'y'),
    ).rejects.toThrow();
    expect(received).toEqual([]);
  });

  it('fails where nobody listens', async () => {
    const { mail } = await post();
    await expect(mail({ port: 1 }).send('ada@home.example', 'x', 'y')).rejects.toThrow(
      'ECONNREFUSED',
    );
  });
});

describe('a forgotten password', () => {
  it('is set anew with the code that comes by mail', async () => {
    const { received, port } = await mailServer();
    const hub = await startHub(await temporaryDirectory(), {
      settings: {
        'smtp.host': '127.0.0.1',
        'smtp.port': port,
        'smtp.security': 'none',
        'smtp.from': 'hub@home.example',
      },
    });
    onTestFinished(() => hub.stop());
    await createOwner(hub);
    const post = async (path: string, body: object) => {
      const response = await hub.request(
        new Request(`${originOf(hub)}/api/v1/auth/${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      );
      await response.body?.cancel();
      return response.status;
    };
    expect(await post('password/forgot', { email: 'nobody@home.example' })).toBe(202);
    expect(await post('password/forgot', { email: owner.email })).toBe(202);
    await vi.waitUntil(() => received.length > 0, { timeout: 10_000 });
    expect(received).toMatchObject([{ to: [owner.email] }]);
    const code = /^ +((?:[a-z0-9]{4}-){3}[a-z0-9]{4})\r$/m.exec(received[0]?.text ?? '')?.[1];
    const password = 'a kite over four fields';
    expect(await post('password/reset', { code, new_password: password })).toBe(204);
    expect(await post('login', { email: owner.email, password })).toBe(200);
    expect(received).toHaveLength(1);
  });

  it('needs an address that mail comes from', async () => {
    const settings = { 'smtp.host': '127.0.0.1' };
    await expect(startHub(await temporaryDirectory(), { settings })).rejects.toMatchObject({
      code: 'bad_config',
      field: 'smtp.from',
    });
  });
});
