import { expect, it } from 'vitest';
import { systemClock } from '#kernel';
import { Keyring, membersOfKind, runInteractive } from '#sim';
import { temporaryDirectory } from '../support/directory.ts';
import { ThrowAwayAuthority, TlsBroker } from './tls-broker.ts';

it('does what a person at the keyboard says', async () => {
  const authority = await ThrowAwayAuthority.make();
  const broker = await TlsBroker.start(authority);
  const keyring = new Keyring(await temporaryDirectory(), ({ id }) => authority.issue(id));
  const [member] = membersOfKind('purifier', 1);
  if (member === undefined) throw new Error('there is no purifier');
  const said: string[] = [];
  async function* lines() {
    yield* ['set fanSpeed 5', '', 'power off', 'burst 2', 'bad', 'set fanSpeed 9', 'quit', 'send'];
  }

  const plan = { member, everyMs: 3_600_000, seed: '1', lines: lines(), say: said.push.bind(said) };
  await runInteractive(plan, { keyring, hub: broker.hub, clock: systemClock });

  expect(said).toEqual([
    'sim-purifier-1 is connected. help lists what you can tell it.',
    'fanSpeed is 5',
    'powerOn is off',
    '2 readings sent',
    'a malformed message is sent; hearth quarantine list shows it',
    'fanSpeed takes 0 to 5, not "9"',
  ]);
  const telemetry = broker.published.filter(({ topic }) => topic.endsWith('/telemetry'));
  expect(telemetry.map(({ payload }) => payload.match(/"fanSpeed":\d|"powerOn":\w+/g))).toEqual([
    ['"fanSpeed":5', '"powerOn":true'],
    ['"fanSpeed":0', '"powerOn":false'],
    ['"fanSpeed":0', '"powerOn":false'],
    ['"fanSpeed":0', '"powerOn":false'],
    null,
  ]);
});
