import { expect, it } from 'vitest';
import { Appliance } from '../../src/sim/appliance.ts';
import { CommandMemory } from '../../src/sim/command-memory.ts';
import { type DialectName, dialects } from '../../src/sim/dialect.ts';
import { judgeCommand, judgeConfig } from '../../src/sim/judge.ts';
import { profiles } from '../../src/sim/profiles.ts';
import { seededRandom } from '../../src/sim/random.ts';
import { type Algorithm, verifierOf } from '../../src/sim/signature.ts';
import { HubSigner } from './hub-signer.ts';

const hub = new HubSigner();
const stranger = new HubSigner();
const nowMs = Date.parse('2026-01-31T08:00:00Z');
const fan = new Appliance(profiles.purifier, seededRandom('1'), () => nowMs);

const body = {
  id: 'c1',
  action: 'setFanSpeed',
  value: 3,
  issued_at: '2026-01-31T07:59:59.000Z',
  expires_at: '2026-01-31T08:00:30.000Z',
};

interface Given {
  readonly text: string;
  readonly dialect?: DialectName;
  readonly algorithm?: Algorithm;
  readonly withKeys?: boolean;
  readonly memory?: CommandMemory;
}

function judge({ text, dialect = 'native', algorithm, withKeys = true, memory }: Given) {
  const verifier = withKeys ? verifierOf(hub.hubKeys, algorithm) : undefined;
  return judgeCommand(
    Buffer.from(text),
    { deviceId: 'fan', dialect: dialects[dialect], verifier },
    memory ?? new CommandMemory(),
    nowMs,
    (action, value) => fan.problemOf(action, value),
  );
}

const refused = (reason: string, id: string | null = 'c1') =>
  id === null ? { kind: 'refuse', reason } : { kind: 'refuse', id, reason };

it.each<[string, Given, object]>([
  ['a good one', { text: hub.sign('fan', body) }, { kind: 'execute', command: { id: 'c1' } }],
  [
    'one signed by P-256',
    { text: hub.sign('fan', body, { algorithm: 'p256' }), algorithm: 'p256' },
    { kind: 'execute', command: { action: 'setFanSpeed', value: 3 } },
  ],
  [
    'one signed by the other key',
    { text: hub.sign('fan', body, { algorithm: 'p256' }), algorithm: 'ed25519' },
    refused('bad signature'),
  ],
  ['one signed by a stranger', { text: stranger.sign('fan', body) }, refused('bad signature')],
  ['one without a signature', { text: JSON.stringify(body) }, refused('bad signature')],
  [
    'one without a signature, where nobody checks',
    { text: JSON.stringify(body), withKeys: false },
    { kind: 'execute' },
  ],
  ['one of another device', { text: hub.sign('fan-2', body) }, refused('bad signature')],
  [
    'a configuration in the place of a command',
    { text: hub.sign('fan', body, { purpose: 'config' }) },
    refused('bad signature'),
  ],
  [
    'one that expired this instant',
    { text: hub.sign('fan', { ...body, expires_at: '2026-01-31T08:00:00.000Z' }) },
    refused('expired'),
  ],
  [
    'an action it does not have',
    { text: hub.sign('fan', { ...body, action: 'relay_on', value: null }) },
    refused('a purifier has no action relay_on; it has setConfig, turnOn, turnOff, setFanSpeed'),
  ],
  [
    'a value out of range',
    { text: hub.sign('fan', { ...body, value: 6 }) },
    refused('setFanSpeed takes 0 to 5, not 6'),
  ],
  [
    'a value for an action without one',
    { text: hub.sign('fan', { ...body, action: 'turnOn' }) },
    refused('turnOn takes no value'),
  ],
  ['what is no JSON', { text: '{"id":' }, refused('malformed command', null)],
  ['JSON that is no command', { text: '[]' }, refused('malformed command', null)],
  [
    'one that never expires',
    { text: hub.sign('fan', { ...body, expires_at: undefined }) },
    refused('malformed command', null),
  ],
  [
    'the purifier’s words',
    {
      text: hub.sign('fan', { ...body, commandId: 'c1', timestamp: body.issued_at }),
      dialect: 'purifier',
    },
    { kind: 'execute', command: { id: 'c1', action: 'setFanSpeed', value: 3 } },
  ],
  [
    'the smart plug’s words',
    {
      text: hub.sign('fan', {
        command: 'turnOn',
        timestamp: 1_769_846_400,
        id: 'c1',
        expires_at: body.expires_at,
      }),
      dialect: 'smartplug',
    },
    { kind: 'execute', command: { id: 'c1', action: 'turnOn', value: null } },
  ],
])('judges %s', (_, given, verdict) => {
  expect(judge(given)).toMatchObject(verdict);
});

it('knows a command again that it has executed, or that it is about to', () => {
  const memory = new CommandMemory();
  const text = hub.sign('fan', body);
  memory.begin('c1');
  expect(judge({ text, memory })).toEqual({ kind: 'under way', id: 'c1' });
  memory.end('c1');
  memory.executed('c1');
  expect(judge({ text, memory })).toEqual({ kind: 'again', id: 'c1' });
});

it('forgets all but the last 256 commands and refusals', () => {
  const memory = new CommandMemory();
  for (let i = 0; i < 300; i++) {
    memory.executed(`c${i}`);
    memory.refuse({ id: `c${i}`, reason: 'expired' });
  }
  expect(memory.executions.size).toBe(256);
  expect([memory.hasExecuted('c43'), memory.hasExecuted('c44')]).toEqual([false, true]);
  expect(memory.refused).toHaveLength(256);
  expect(memory.refused[0]?.id).toBe('c44');
});

const document = { version: 3, config: { interval: 5 }, issued_at: body.issued_at };

it.each<[string, string, object]>([
  [
    'a newer version',
    hub.sign('fan', document, { purpose: 'config' }),
    { kind: 'apply', version: 3, config: { interval: 5 } },
  ],
  [
    'the version it has, again',
    hub.sign('fan', { ...document, version: 2 }, { purpose: 'config' }),
    { kind: 'apply', version: 2 },
  ],
  [
    'an older version',
    hub.sign('fan', { ...document, version: 1 }, { purpose: 'config' }),
    refused('version 2 is newer', 'config-1'),
  ],
  ['one signed as a command', hub.sign('fan', document), refused('bad signature', 'config-3')],
  ['none at all', '{}', refused('malformed configuration', null)],
])('judges of configurations %s', (_, text, verdict) => {
  const law = { deviceId: 'fan', dialect: dialects.native, verifier: verifierOf(hub.hubKeys) };
  expect(judgeConfig(Buffer.from(text), law, 2)).toMatchObject(verdict);
});

it.each([
  ['plug', 'relay_off', null, { relay_state: false }],
  ['plug', 'turnOff', null, { relay_state: false }],
  ['purifier', 'setFanSpeed', 5, { fanSpeed: 5, powerOn: true }],
  ['purifier', 'setFanSpeed', 0, { fanSpeed: 0, powerOn: false }],
  ['purifier', 'turnOff', null, { fanSpeed: 0, powerOn: false }],
  ['lock', 'unlock', null, { locked: false, tamper: false }],
  ['camera', 'recording_off', null, { recording: false }],
  ['sensor', 'setConfig', { every: 5 }, {}],
] as const)('a %s that is told %s %j reports %j', (profile, action, value, state) => {
  const appliance = new Appliance(profiles[profile], seededRandom('1'), () => nowMs);
  expect(appliance.perform(action, value)).toBeUndefined();
  expect(appliance.state).toEqual(state);
  expect(JSON.parse(appliance.nextMessage())).toMatchObject(state);
  if (action === 'setConfig') expect(appliance.config).toEqual(value);
});
