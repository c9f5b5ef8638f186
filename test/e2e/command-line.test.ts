/** The lines of README that tell devices something, as they are typed, against a hub that runs. */
import { expect, it, onTestFinished } from 'vitest';
import { runHearth } from '../support/command.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { HubProcess } from '../support/hub-process.ts';
import { registerDevice } from '../support/plain-device.ts';
import { RawClient } from '../support/raw-client.ts';

/** A hub with a purifier that does what it is told. */
async function home() {
  const directory = await temporaryDirectory();
  const hub = await HubProcess.start({ directory });
  onTestFinished(async () => void (await hub.end()));
  const password = await registerDevice(hub, 'air');
  await hub.call('PATCH', '/api/v1/devices/air', { type: 'purifier' });
  const access = { id: 'air', username: 'air', password };
  const client = await RawClient.connect({ port: hub.ports.mqtt, ...access });
  let packetId = 1;
  const subscribed = new Promise<void>((resolve) => {
    client.onPacket = (packet) => {
      if (packet.cmd === 'suback') resolve();
      if (packet.cmd !== 'publish') return;
      client.send({ cmd: 'puback', messageId: packet.messageId ?? 0 });
      const { id, action, value } = JSON.parse(packet.payload.toString()) as {
        id: string;
        action: string;
        value: number;
      };
      const state = action === 'turnOff' ? { powerOn: false } : { powerOn: true, fanSpeed: value };
      packetId += 1;
      client.publish('devices/air/ack', JSON.stringify({ id, status: 'ok', state }), packetId);
    };
  });
  const subscriptions = [{ topic: 'devices/air/command', qos: 1 as const }];
  client.send({ cmd: 'subscribe', messageId: packetId, subscriptions });
  await subscribed;
  onTestFinished(() => client.end());
  const hearth = async (line: string) => {
    const { code, output, errors } = await runHearth(['--data', directory, ...line.split(' ')]);
    return { code, text: output + errors };
  };
  return { hub, hearth };
}

it('tells devices what to do, now, at times, for a while and together', {
  timeout: 60_000,
}, async () => {
  const { hub, hearth } = await home();
  const says = async (line: string, words: RegExp) => {
    const { code, text } = await hearth(line);
    expect(text, line).toMatch(words);
    expect(code, text).toBe(0);
  };
  await says('command air setFanSpeed 2 --wait 5s', /confirmed|acknowledged/);
  await says('commands list air', /setFanSpeed/);
  const at = '--days weekdays --start 22:00 --end 06:30 --action setFanSpeed --value 2';
  await says(`schedule add air ${at}`, /22:00/);
  await says('schedule add air --days daily --start 12:00 --end 12:30 --action turnOn', /12:00/);
  await says('schedule list air', /22:00/);
  await says('why air', /./);
  await says('override start air setFanSpeed 5 --for 10m', /air/);
  await says('override show air', /5/);
  await says('override extend air --by 10m', /air/);
  await says('override cancel air', /air/);
  await says('group add Upstairs air', /Upstairs/);
  await says('group command Upstairs turnOff --wait 5s', /./);
  await says('scene add Morning air:setFanSpeed=3', /Morning/);
  await says('scene run Morning --wait 5s', /./);
  await says('type list', /purifier/);
  await says('device-config set air {"night":true}', /1/);
  await says('device-config show air', /night/);
  await says('alerts', /./);
  await says('audit list', /override\.start/);
  expect(await hub.get('/api/v1/devices/air')).toMatchObject({ reported: { fanSpeed: 3 } });
});

it('ends with what became of the command, for scripts', { timeout: 60_000 }, async () => {
  const { hub, hearth } = await home();
  await hub.call('POST', '/api/v1/devices', { id: 'away', type: 'plug' });
  expect((await hearth('command away relay_on --wait 1s')).code).toBe(75);
  const refused = await hearth('command air setFanSpeed 9');
  expect(refused.code).not.toBe(0);
  expect(refused.text).toContain('0 to 5');
});
