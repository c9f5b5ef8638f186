import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import { runProgram } from '../support/command.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { HubProcess } from '../support/hub-process.ts';
import { itWith } from '../support/peers.ts';

const test = itWith('openssl', 'curl', 'mosquitto_pub');

/** A hub in a process of its own, and a bench with the tools that whoever builds a device has. */
async function workshop() {
  const directory = await temporaryDirectory();
  const bench = join(directory, 'bench');
  await mkdir(bench);
  const hub = await HubProcess.start({ directory: join(directory, 'hub') });
  onTestFinished(async () => void (await hub.end()));
  const at = (name: string) => join(bench, name);
  const https = `https://localhost:${hub.ports.https}`;
  const openssl = async (...args: string[]) => {
    const ended = await runProgram('openssl', args);
    expect(ended.code, ended.errors).toBe(0);
    return ended.output;
  };
  /** Answers with the status; the body is in the file `out`. */
  const curl = async (path: string, out: string, ...args: string[]) => {
    const trust = ['--cacert', at('ca.crt')];
    const ended = await runProgram('curl', [
      ...['--silent', '--show-error', '--max-time', '20', '--write-out', '%{http_code}'],
      ...['--output', at(out), ...trust, ...args, `${https}${path}`],
    ]);
    return ended.code === 0 ? Number(ended.output) : ended.errors;
  };
  const saveCa = async () => {
    const plain = `http://localhost:${hub.ports.http}/ca.crt`;
    await runProgram('curl', ['--silent', '--output', at('ca.crt'), plain]);
    return readFile(at('ca.crt'), 'utf8');
  };
  await saveCa();
  /** A key that stays here, and a request for it. */
  const makeRequest = async (id: string, name = id) => {
    await openssl(
      ...['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', at(`${name}.key`)],
    );
    await openssl(
      ...['req', '-new', '-key', at(`${name}.key`), '-subj', `/CN=${id}`],
      ...['-out', at(`${name}.csr`)],
    );
  };
  /** The request as EST wants it. */
  const estBody = async (name: string) => {
    await openssl(
      ...['req', '-in', at(`${name}.csr`), '-outform', 'DER', '-out', at(`${name}.der`)],
    );
    await openssl('base64', '-in', at(`${name}.der`), '-out', at(`${name}.b64`));
    return [
      '--header',
      'content-type: application/pkcs10',
      '--data-binary',
      `@${at(`${name}.b64`)}`,
    ];
  };
  /** The certificates in an answer of EST, PEM. */
  const unpack = async (name: string, out: string) => {
    await openssl('base64', '-d', '-in', at(name), '-out', at(`${name}.p7`));
    await openssl(
      ...['pkcs7', '-inform', 'DER', '-in', at(`${name}.p7`), '-print_certs', '-out', at(out)],
    );
    return readFile(at(out), 'utf8');
  };
  const postJoin = async (body: Record<string, string>, out: string) => {
    await writeFile(at('join.json'), JSON.stringify(body));
    const json = ['--header', 'content-type: application/json'];
    return curl('/api/v1/join', out, ...json, '--data-binary', `@${at('join.json')}`);
  };
  /** Publishes a reading over mutual TLS. */
  const publish = (id: string, certificate: string, key: string, ca = 'ca.crt') =>
    runProgram('mosquitto_pub', [
      ...['-h', 'localhost', '-p', String(hub.ports.mqtts), '-i', id, '-q', '1'],
      ...['--cafile', at(ca), '--cert', at(certificate), '--key', at(key)],
      ...['-t', `devices/${id}/telemetry`, '-m', '{"power": 60.5}'],
    ]);
  const openWindow = async () =>
    ((await hub.call('POST', '/api/v1/join/window', {})) as { code: string }).code;
  return {
    ...{ hub, at, openssl, curl, saveCa, makeRequest, estBody, unpack, postJoin, publish },
    openWindow,
  };
}

const csrOf = (text: string) => text.slice(text.indexOf('-----BEGIN'));

describe('with openssl, curl and mosquitto_pub alone', () => {
  test('a join code and a request become a certificate that publishes a reading', async () => {
    const { hub, at, makeRequest, postJoin, publish, openssl, openWindow } = await workshop();
    await makeRequest('plug-1');
    const csr = csrOf(await readFile(at('plug-1.csr'), 'utf8'));
    expect(await postJoin({ code: 'aaaa-aaaa', id: 'plug-1', csr }, 'refused')).toBe(403);
    const code = await openWindow();
    expect(await postJoin({ code, id: 'plug-1', csr }, 'plug-1.crt')).toBe(201);
    const verified = await openssl(
      ...['verify', '-x509_strict', '-purpose', 'sslclient'],
      ...['-CAfile', at('ca.crt'), at('plug-1.crt')],
    );
    expect(verified).toContain('OK');
    expect(await publish('plug-1', 'plug-1.crt', 'plug-1.key')).toMatchObject({ code: 0 });
    expect(await hub.get('/api/v1/devices/plug-1/telemetry/latest')).toMatchObject({ power: 60.5 });
  });

  test('EST enrols and enrols again, by the certificate it gave', async () => {
    const shop = await workshop();
    const { hub, at, curl, makeRequest, estBody, unpack, publish, openssl, openWindow } = shop;
    expect(await curl('/.well-known/est/cacerts', 'cacerts')).toBe(200);
    expect(await unpack('cacerts', 'cacerts.pem')).toContain('Hearth CA');
    await openssl('verify', '-CAfile', at('cacerts.pem'), at('ca.crt'));

    await makeRequest('plug-1');
    const enrol = '/.well-known/est/simpleenroll';
    const body = await estBody('plug-1');
    expect(await curl(enrol, 'refused', ...body)).toBe(401);
    const code = await openWindow();
    expect(await curl(enrol, 'first', '--user', `plug-1:${code}`, ...body)).toBe(200);
    await unpack('first', 'first.pem');
    await openssl('verify', '-CAfile', at('ca.crt'), at('first.pem'));
    expect(await publish('plug-1', 'first.pem', 'plug-1.key')).toMatchObject({ code: 0 });

    const reenrol = '/.well-known/est/simplereenroll';
    await makeRequest('plug-1', 'again');
    const again = await estBody('again');
    expect(await curl(reenrol, 'refused', ...again)).toBe(403);
    const shown = ['--cert', at('first.pem'), '--key', at('plug-1.key')];
    expect(await curl(reenrol, 'second', ...shown, ...again)).toBe(200);
    await unpack('second', 'second.pem');
    await openssl('verify', '-CAfile', at('ca.crt'), at('second.pem'));
    for (const [pem, key] of [
      ['second.pem', 'again.key'],
      ['first.pem', 'plug-1.key'],
    ] as const) {
      expect(await publish('plug-1', pem, key)).toMatchObject({ code: 0 });
    }
    const { certificates } = (await hub.get('/api/v1/devices/plug-1/certificates')) as {
      certificates: object[];
    };
    expect(certificates).toHaveLength(2);
  });

  test('only the key of the production list claims its id', async () => {
    const { at, curl, hub, makeRequest, estBody, postJoin, publish, openssl, unpack, openWindow } =
      await workshop();
    await makeRequest('plug-7');
    await makeRequest('plug-7', 'thief');
    const toDer = ['-pubout', '-outform', 'DER', '-out', at('public.der')];
    await openssl('pkey', '-in', at('plug-7.key'), ...toDer);
    const spki = (await readFile(at('public.der'))).toString('base64');
    await writeFile(at('batch.csv'), `id,public_key,type\nplug-7,${spki},plug\n`);
    const { token } = (await hub.call('POST', '/api/v1/tokens', {
      name: 'factory',
      role: 'admin',
    })) as { token: string };
    const authorized = ['--header', `authorization: Bearer ${token}`];
    const csv = ['--header', 'content-type: text/csv', '--data-binary', `@${at('batch.csv')}`];
    expect(await curl('/api/v1/join/batch', 'batch', ...authorized, ...csv)).toBe(201);

    const code = await openWindow();
    const theirs = csrOf(await readFile(at('thief.csr'), 'utf8'));
    expect(await postJoin({ id: 'plug-7', csr: theirs, code }, 'refused')).toBe(403);
    const stolen = ['--user', `plug-7:${code}`, ...(await estBody('thief'))];
    expect(await curl('/.well-known/est/simpleenroll', 'refused', ...stolen)).toBe(401);
    const ours = await estBody('plug-7');
    expect(await curl('/.well-known/est/simpleenroll', 'mine', ...ours)).toBe(200);
    await unpack('mine', 'mine.pem');
    expect(await publish('plug-7', 'mine.pem', 'plug-7.key')).toMatchObject({ code: 0 });
    const { alerts } = (await hub.get('/api/v1/alerts')) as { alerts: { kind: string }[] };
    expect(alerts).toContainEqual(expect.objectContaining({ kind: 'join_refused' }));
  });

  test('a revoked certificate is on the list at /ca.crl, and no longer connects', async () => {
    const shop = await workshop();
    const { hub, at, curl, makeRequest, postJoin, publish, openssl, openWindow } = shop;
    await makeRequest('plug-1');
    const csr = csrOf(await readFile(at('plug-1.csr'), 'utf8'));
    await postJoin({ code: await openWindow(), id: 'plug-1', csr }, 'plug-1.crt');
    expect(await curl('/ca.crl', 'empty.crl')).toBe(200);
    await hub.call('POST', '/api/v1/devices/plug-1/revoke', {});
    expect(await curl('/ca.crl', 'ca.crl')).toBe(200);
    const read = async (name: string) => {
      const from = ['-inform', 'DER', '-in', at(name), '-CAfile', at('ca.crt')];
      return runProgram('openssl', ['crl', ...from, '-noout', '-text']);
    };
    expect((await read('empty.crl')).output).toContain('No Revoked Certificates');
    const list = await read('ca.crl');
    expect(list.errors).toContain('verify OK');
    const serial = await openssl('x509', '-in', at('plug-1.crt'), '-noout', '-serial');
    expect(list.output).toContain(serial.trim().replace('serial=', ''));
    expect((await publish('plug-1', 'plug-1.crt', 'plug-1.key')).code).not.toBe(0);
  });

  test('an authority is followed by another while devices and clients of both connect', async () => {
    const shop = await workshop();
    const { hub, at, curl, saveCa, makeRequest, postJoin, publish, estBody, unpack, openWindow } =
      shop;
    const letIn = async (id: string) => {
      await makeRequest(id);
      const csr = csrOf(await readFile(at(`${id}.csr`), 'utf8'));
      expect(await postJoin({ code: await openWindow(), id, csr }, `${id}.crt`)).toBe(201);
    };
    await letIn('old-plug');
    const oldCa = await readFile(at('ca.crt'), 'utf8');
    await writeFile(at('old.crt'), oldCa);
    await hub.call('POST', '/api/v1/ca/rotate');
    const both = await saveCa();
    expect(both.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    await writeFile(at('new.crt'), both.replace(oldCa, ''));
    await letIn('new-plug');

    const connectsWith = async (ca: string) => {
      const web = await curl('/health/live', 'health', '--cacert', at(ca));
      const ends = [];
      for (const id of ['old-plug', 'new-plug']) {
        ends.push((await publish(id, `${id}.crt`, `${id}.key`, ca)).code === 0);
      }
      return [web === 200, ...ends];
    };
    expect(await connectsWith('old.crt')).toEqual([true, true, true]);
    expect(await connectsWith('new.crt')).toEqual([true, true, true]);
    expect(await curl('/.well-known/est/cacerts', 'cacerts')).toBe(200);
    expect((await unpack('cacerts', 'four.pem')).match(/BEGIN CERTIFICATE/g)).toHaveLength(4);

    const finish = () => hub.call('POST', '/api/v1/ca/rotate/finish');
    await expect(finish()).rejects.toThrow(/old-plug/);
    const shown = ['--cert', at('old-plug.crt'), '--key', at('old-plug.key')];
    const again = [...shown, ...(await estBody('old-plug'))];
    expect(await curl('/.well-known/est/simplereenroll', 'renewed', ...again)).toBe(200);
    await unpack('renewed', 'renewed.pem');
    expect(await finish()).toMatchObject({ previous: null, shut_out: [] });
    expect(await publish('old-plug', 'renewed.pem', 'old-plug.key', 'new.crt')).toMatchObject({
      code: 0,
    });
    expect((await publish('old-plug', 'old-plug.crt', 'old-plug.key', 'new.crt')).code).not.toBe(0);
    expect(await connectsWith('old.crt')).toEqual([false, false, false]);
  });

  test('a device with a user name and a password needs no certificate on the plain listener', async () => {
    const { hub } = await workshop();
    await hub.call('POST', '/api/v1/devices', { id: 'old-sensor' });
    const { password } = (await hub.call('POST', '/api/v1/credentials', {
      name: 'old-sensor',
      role: 'device',
    })) as { password: string };
    const send = (id: string, secret: string) =>
      runProgram('mosquitto_pub', [
        ...['-h', 'localhost', '-p', String(hub.ports.mqtt), '-i', 'old-sensor', '-q', '1'],
        ...['-u', 'old-sensor', '-P', secret, '-t', `devices/${id}/telemetry`, '-m', '{"t": 1}'],
      ]);
    expect(await send('old-sensor', password)).toMatchObject({ code: 0 });
    expect((await send('old-sensor', 'wrong')).code).not.toBe(0);
    expect(await hub.get('/api/v1/devices/old-sensor/telemetry/latest')).toMatchObject({ t: 1 });
  });
});
