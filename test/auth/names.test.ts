import { describe, expect, it } from 'vitest';
import { addOwner, addPerson, type House, openHouse, owner } from './house.ts';

const { password } = owner;

async function household(): Promise<House> {
  const house = await openHouse();
  addOwner(house);
  addPerson(house, { id: 'mem', name: 'Mem', email: 'mem@home.example', role: 'member' });
  return house;
}

async function signIn(house: House, email: string): Promise<string> {
  const { body } = await house.call('POST', '/auth/login', { body: { email, password } });
  return String(body.access_token);
}

/** Each reads as Olive: by case, by width, by composition, by blanks, by what is not seen. */
const likeOlive = ['Olive', 'oLIVE', 'Ｏｌｉｖｅ', ' Olive ', 'Ol\u200bive', 'Olive\u00a0'];

describe('the name of a person', () => {
  it.each(likeOlive)('is theirs alone: %j is taken', async (name) => {
    const house = await household();
    const bearer = await signIn(house, 'mem@home.example');
    const door = 'socket';
    const { code } = house.auth.invitations.create({ role: 'member' }, 'local');
    const account = { email: 'x@home.example', name, password };
    const answers = [
      await house.call('PATCH', '/auth/me', { bearer, body: { name } }),
      await house.call('PATCH', '/people/mem', { door, body: { name } }),
      await house.call('POST', '/people', { door, body: { ...account, role: 'member' } }),
      await house.call('POST', '/auth/register', { body: { ...account, invitation: code } }),
    ];
    for (const { status, body } of answers) expect([status, body.field]).toEqual([409, 'name']);
    expect(house.auth.people.list().map((person) => person.name)).toEqual(['Mem', 'Olive']);
    // The invitation is not used up by it.
    const mended = { ...account, name: 'Xenia', invitation: code };
    expect((await house.call('POST', '/auth/register', { body: mended })).status).toBe(201);
  });

  it('can be spelled anew by whoever has it', async () => {
    const house = await household();
    const bearer = await signIn(house, owner.email);
    const answer = await house.call('PATCH', '/auth/me', { bearer, body: { name: 'OLIVE' } });
    expect([answer.status, answer.body.name]).toEqual([200, 'OLIVE']);
  });

  it('that a provider says gets a number when it is taken', async () => {
    const house = await household();
    const join = (name: string, n: number) => {
      const { code } = house.auth.invitations.create({ role: 'guest' }, 'local');
      const joining = { email: `o${n}@home.example`, name, invitation: code };
      return house.auth.join(joining, { remoteAddress: '', userAgent: '', isLocal: true }).name;
    };
    expect([join('olive', 1), join('Olive', 2), join('Otto', 3)]).toEqual([
      'olive 2',
      'Olive 3',
      'Otto',
    ]);
    expect(join('O'.repeat(100), 4)).toHaveLength(100);
    expect(join('O'.repeat(100), 5)).toBe(`${'O'.repeat(98)} 2`);
    expect(join('\n\t', 6)).toBe('Somebody');
  });

  it('leaves a row when it changes, and none when it does not', async () => {
    const house = await household();
    const bearer = await signIn(house, 'mem@home.example');
    house.audited.length = 0;
    await house.call('PATCH', '/auth/me', { bearer, body: { name: 'Mo' }, from: '192.168.1.9' });
    await house.call('PATCH', '/auth/me', { bearer, body: { name: 'Mo' } });
    await house.call('PATCH', '/people/mem', { door: 'socket', body: { name: 'Max' } });
    await house.call('PATCH', '/people/mem', { door: 'socket', body: { name: 'Max' } });
    const row = { action: 'person.rename', subject: 'person:mem', outcome: 'ok' };
    expect(house.audited).toEqual([
      { ...row, actor: 'person:Mem', origin: '192.168.1.9', detail: { from: 'Mem', to: 'Mo' } },
      { ...row, actor: 'local', origin: 'control socket', detail: { from: 'Mo', to: 'Max' } },
    ]);
  });
});
