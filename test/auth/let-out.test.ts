import { describe, expect, it } from 'vitest';
import { addOwner, addPerson, type House, openHouse, owner } from './house.ts';

const { password } = owner;
const theirs = 'seven quiet lamps';

async function bearerOf(house: House, email: string): Promise<string> {
  const { body } = await house.call('POST', '/auth/login', { body: { email, password } });
  return String(body.access_token);
}

/** Somebody who runs the home besides Olive, and what they handed out. */
async function handedOut(role: 'owner' | 'admin') {
  const house = await openHouse();
  addOwner(house);
  addPerson(house, { id: 'sam', name: 'Sam', email: 'sam@home.example', role });
  addPerson(house, { id: 'max', name: 'Max', email: 'max@home.example', role: 'member' });
  const bearer = await bearerOf(house, 'sam@home.example');
  const invite = async (by: string) =>
    (await house.call('POST', '/people/invitations', { bearer: by, body: { role: 'member' } }))
      .body;
  const invitation = await invite(bearer);
  const reset = (await house.call('POST', '/people/max/reset-password', { bearer })).body;
  const body = { name: 'backdoor', role: 'owner' };
  const token =
    role === 'owner' ? (await house.call('POST', '/tokens', { bearer, body })).body : {};
  // By the token as well, so that it has no children of its own to live on in.
  const second = role === 'owner' ? await invite(String(token.token)) : invitation;
  const joins = async ({ code }: Record<string, unknown>, email = 'again@home.example') => {
    const joining = { email, name: email, password: theirs, invitation: code };
    return (await house.call('POST', '/auth/register', { body: joining })).status;
  };
  const resets = async () => {
    const body = { code: reset.code, new_password: theirs };
    return (await house.call('POST', '/auth/password/reset', { body })).status;
  };
  return { house, invitation, second, token, joins, resets };
}

const olive = (house: House) => bearerOf(house, owner.email);

describe('what somebody handed out', () => {
  it.each<[string, 'owner' | 'admin', string, object | undefined]>([
    ['removed owner', 'owner', 'DELETE', undefined],
    ['disabled owner', 'owner', 'PATCH', { disabled: true }],
    ['owner made admin', 'owner', 'PATCH', { role: 'admin' }],
    ['owner made guest', 'owner', 'PATCH', { role: 'guest' }],
    ['removed admin', 'admin', 'DELETE', undefined],
    ['disabled admin', 'admin', 'PATCH', { disabled: true }],
    ['admin made member', 'admin', 'PATCH', { role: 'member' }],
  ])('is void with a %s, after a restart too', async (_what, role, method, body) => {
    const { house, invitation, second, token, joins, resets } = await handedOut(role);
    const before = house.audited.length;
    const answer = await house.call(method, '/people/sam', { bearer: await olive(house), body });
    expect(answer.status).toBeLessThan(300);
    expect([await joins(invitation), await joins(second), await resets()]).toEqual([403, 403, 403]);
    const rows = house.audited.slice(before);
    expect(rows).toContainEqual(
      expect.objectContaining({
        actor: 'person:Olive',
        action: 'person.invite',
        subject: `invitation:${invitation.id}`,
        outcome: 'withdrawn',
      }),
    );
    if (role === 'admin') return;
    expect(rows).toContainEqual(
      expect.objectContaining({
        actor: 'person:Olive',
        action: 'token.revoke',
        subject: `token:${token.id}`,
        detail: expect.objectContaining({ name: 'backdoor', made_by: 'person:sam' }),
      }),
    );
    expect(house.auth.callerOfToken(String(token.token))).toBeUndefined();
    const after = await house.restart();
    expect(after.auth.callerOfToken(String(token.token))).toBeUndefined();
  });

  it.each<[string, 'owner' | 'admin', object]>([
    ['another name', 'owner', { name: 'Samuel' }],
    ['a greater role', 'admin', { role: 'owner' }],
  ])('stays with %s', async (_what, role, body) => {
    const { house, invitation, joins, resets } = await handedOut(role);
    await house.call('PATCH', '/people/sam', { bearer: await olive(house), body });
    expect([await joins(invitation), await resets()]).toEqual([201, 204]);
  });

  it('stays when somebody else goes', async () => {
    const { house, invitation, token, joins, resets } = await handedOut('owner');
    const bearer = await olive(house);
    addPerson(house, { id: 'ann', name: 'Ann', email: 'ann@home.example', role: 'admin' });
    await house.call('DELETE', '/people/ann', { bearer });
    expect([await joins(invitation), await resets()]).toEqual([201, 204]);
    expect(house.auth.callerOfToken(String(token.token))).toBeDefined();
  });

  it('is void with the token that handed it out', async () => {
    const { house, invitation, second, token, joins } = await handedOut('owner');
    const bearer = await olive(house);
    await house.call('DELETE', `/tokens/${token.id}`, { bearer });
    expect(await joins(second)).toBe(403);
    expect(await joins(invitation)).toBe(201);
  });

  it('is all there still when the change cannot be written down', async () => {
    const { house, token } = await handedOut('owner');
    const bearer = await olive(house);
    house.audited.push = ((row: { action: string }) => {
      if (row.action === 'person.remove') throw new Error('the disk is full');
    }) as never;
    await expect(house.call('DELETE', '/people/sam', { bearer })).rejects.toThrow('disk is full');
    expect(house.auth.callerOfToken(String(token.token))).toBeDefined();
  });
});
