/** Who belongs to the home and what it trusts, as it is typed, against a hub that runs. */
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { runHearth, runProgram } from '../support/command.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { HubProcess } from '../support/hub-process.ts';

const secrets = {
  owner: 'copper kettle on the hob',
  first: 'nine snails under a leaf',
  second: 'seven owls over the barn',
};

/** A hub, a line to type to it, and its REST API as a browser in the home reaches it. */
async function home() {
  const directory = await temporaryDirectory();
  const data = join(directory, 'data');
  let hub = await HubProcess.start({ directory: data });
  onTestFinished(async () => void (await hub.end()));
  const passwordFile = (name: keyof typeof secrets) => join(directory, name);
  for (const [name, secret] of Object.entries(secrets)) {
    await writeFile(join(directory, name), `${secret}\n`, { mode: 0o600 });
  }
  const hearth = async (line: string) => {
    const { code, output, errors } = await runHearth(['--data', data, ...line.split(' ')]);
    return { code, output, text: output + errors };
  };
  const says = async (line: string, words: RegExp) => {
    const { code, output, text } = await hearth(line);
    expect(text, line).toMatch(words);
    expect(code, text).toBe(0);
    return output;
  };
  const post = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const { status, text } = await overHttps(hub, 'POST', path, headers, JSON.stringify(body));
    return { status, text };
  };
  const signIn = async (email: string, name: keyof typeof secrets) => {
    const { status, text } = await post('/api/v1/auth/login', { email, password: secrets[name] });
    const { access_token } = JSON.parse(text) as { access_token?: string };
    return { status, token: access_token ?? '' };
  };
  const whoIs = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    const { status, text } = await overHttps(hub, 'GET', '/api/v1/auth/me', headers);
    return { status, role: (JSON.parse(text) as { role?: string }).role };
  };
  const restart = async () => {
    hub = await HubProcess.start({ directory: data });
  };
  return {
    directory,
    data,
    hearth,
    says,
    post,
    signIn,
    whoIs,
    passwordFile,
    stop: () => hub.end(),
    restart,
  };
}

async function overHttps(
  hub: HubProcess,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body = '',
) {
  const options = { host: 'localhost', port: hub.ports.https, method, path, headers, agent: false };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    // Whom it trusts is shown elsewhere; here it is about what is asked.
    const call = request({ ...options, rejectUnauthorized: false }, resolve);
    call.once('error', reject);
    call.end(body);
  });
  return { status: response.statusCode ?? 0, text: await text(response) };
}

it('adds people, changes what they may and lets them back in', { timeout: 120_000 }, async () => {
  const { says, hearth, signIn, whoIs, passwordFile, post } = await home();
  const ada = 'ada@example.org';
  const add = (email: string, name: string, role: string, secret: keyof typeof secrets) =>
    `user add ${email} --name ${name} --role ${role} --password-file ${passwordFile(secret)}`;
  await says(add('bo@example.org', 'Bo', 'owner', 'owner'), /Bo is added as owner/);
  await says(add(ada, 'Ada', 'member', 'first'), /Ada is added as member/);
  await says('user list', /ada@example\.org +Ada +member +active/);

  const { token } = await signIn(ada, 'first');
  expect(await whoIs(token)).toEqual({ status: 200, role: 'member' });
  await says('user sessions ada', /password +127\.0\.0\.1|password +::1/);
  await says('user role ada admin', /Ada is an admin now/);
  expect((await whoIs(token)).status).toBe(401);
  const again = await signIn(ada, 'first');
  expect(await whoIs(again.token)).toEqual({ status: 200, role: 'admin' });

  await says(`user passwd ada --password-file ${passwordFile('second')}`, /Ada has a new password/);
  expect((await whoIs(again.token)).status).toBe(401);
  expect((await signIn(ada, 'first')).status).toBe(401);
  const third = await signIn(ada, 'second');
  await says('user sign-out ada', /signed out everywhere/);
  expect((await whoIs(third.token)).status).toBe(401);

  await says('user disable ada', /cannot sign in again/);
  expect((await signIn(ada, 'second')).status).not.toBe(200);
  await says('user enable ada', /can sign in again/);
  expect((await signIn(ada, 'second')).status).toBe(200);

  const link = await says('user add cy@example.org --role guest --invite', /invitation=/);
  const invitation = /invitation=(\S+)/.exec(link)?.[1];
  const cy = { email: 'cy@example.org', password: secrets.first, name: 'Cy', invitation };
  expect((await post('/api/v1/auth/register', cy)).status).toBe(201);
  await says('room add Porch', /Porch/);
  await says('share give porch cy read --for 2d', /Cy sees all that stands in Porch until/);
  await says('share list --person cy', /Porch \(room\) +read/);
  await says('share end porch cy', /ended/);
  await says('user remove cy --yes', /Cy is removed/);
  expect((await hearth('user show cy')).code).toBe(66);
  const last = await hearth('user remove bo --yes');
  expect(last.code, last.text).not.toBe(0);
  expect(last.text).toContain('owner');
  await says('audit list --action person', /person\.role/);
});

it('lets a device in with a code that a person was shown', { timeout: 120_000 }, async () => {
  const { says, hearth, post, directory } = await home();
  const code = (await says('join open --for 5m', /[0-9a-z]{4}-[0-9a-z]{4}/)).trim();
  await says('join status', /A window is open for one new device/);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-batch'];
  const out = ['-keyout', join(directory, 'lamp.key'), '-subj', '/CN=lamp'];
  const csr = await runProgram('openssl', ['req', '-new', ...key, ...out]);
  expect(csr.code, csr.errors).toBe(0);
  const joined = await post('/api/v1/join', { code, id: 'lamp', csr: csr.output });
  expect(joined.status, joined.text).toBe(201);
  expect(joined.text).toContain('BEGIN CERTIFICATE');
  await says('join status', /lamp has come in/);
  await says('device show lamp', /lamp/);
  await says('join close', /No window is open any more/);
  expect((await hearth('join open --for 90s')).code).toBe(64);
  await says('ca show', /SHA-256/);
  await says('secrets rotate --yes', /sealed with the new key/);
  await says('audit list --subject device:lamp', /join/);
});

it('finds out which row of the audit was altered', { timeout: 120_000 }, async () => {
  const { says, hearth, stop, restart, data, directory } = await home();
  await says('room add Porch', /Porch/);
  for (const name of ['a', 'b', 'c']) await says(`token create --name ${name} --role member`, /_/);
  await says('audit verify', /The audit is whole\. Rows 1 to \d+: as written\./);
  const file = join(directory, 'audit.csv');
  await says(`audit export --out ${file} --action token`, /is written/);
  await stop();
  const db = new Database(join(data, 'hearth.db'));
  const { seq } = db
    .prepare("SELECT seq FROM audit WHERE action = 'token.create' ORDER BY seq LIMIT 1")
    .get() as { seq: number };
  db.exec('DROP TRIGGER audit_is_not_changed');
  db.prepare("UPDATE audit SET actor = 'person:Nobody' WHERE seq = ?").run(seq);
  db.close();

  const away = await hearth('audit verify');
  expect(away.text).toContain(`Row ${seq} is not what was written`);
  expect(away.code).toBe(1);
  await restart();
  const running = await hearth('audit verify --json');
  expect(running.code).toBe(1);
  expect(JSON.parse(running.output)).toMatchObject({ ok: false, problem: { row: seq } });
});
