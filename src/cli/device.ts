import { HearthError } from '#kernel';
import { ago } from './ago.ts';
import { confirmed } from './confirm.ts';
import { inFlags } from './flag-words.ts';
import { homeTime } from './home-time.ts';
import { type Hub, withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { findRoom } from './room.ts';
import { list } from './table.ts';

export interface Device {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly type: string;
  readonly room: string | null;
  readonly status: 'online' | 'offline';
  readonly state: string;
  readonly last_seen: string | null;
  readonly firmware_version: string | null;
  readonly hardware_version: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly latest: Readonly<Record<string, unknown>> | null;
  readonly denied: number;
}

interface Certificate {
  readonly serial: string;
  readonly fingerprint: string;
  readonly not_after: string;
  readonly revoked_at: string | null;
}

export const devicePath = (id: string): string => `/devices/${encodeURIComponent(id)}`;

export async function listDevices(at: Invocation): Promise<void> {
  const answer = await withHub(at, (hub) => hub.get<{ devices: readonly Device[] }>('/devices'));
  const nowMs = at.around.clock.nowMs();
  at.answer(answer, () =>
    answer.devices.length === 0
      ? 'There are no devices yet: hearth device add plug-1.'
      : at.table(
          ['id', 'name', 'type', 'room', 'status', 'state', 'last seen', 'denied'],
          answer.devices.map((device) => [
            device.id,
            device.name,
            device.type,
            device.room,
            device.status,
            device.state,
            ago(device.last_seen, nowMs),
            device.denied,
          ]),
          ['name'],
        ),
  );
}

export async function showDevice(at: Invocation, id: string): Promise<void> {
  const answer = await withHub(at, async (hub) => ({
    ...(await hub.get<Device>(devicePath(id))),
    certificates: await certificatesOf(hub, id),
  }));
  at.answer(answer, () => {
    const { certificates, latest, ...facts } = answer;
    const parts = [list(facts)];
    if (latest) parts.push(`Latest values\n${list(latest)}`);
    if (certificates.length > 0) {
      const rows = certificates.map(({ serial, not_after, revoked_at, fingerprint }) => [
        serial,
        not_after,
        revoked_at,
        fingerprint,
      ]);
      const headings = ['certificate', 'valid until', 'revoked', 'fingerprint'];
      parts.push(at.table(headings, rows));
    }
    return parts.join('\n\n');
  });
}

export async function renameDevice(at: Invocation, id: string, name: string): Promise<void> {
  const device = await withHub(at, (hub) => hub.patch<Device>(devicePath(id), { name }));
  at.answer(device, () => `${device.id} is now called ${device.name}.`);
}

interface DeviceOptions {
  readonly name?: string;
  /** `false` for none. */
  readonly room?: string | false;
  readonly type?: string;
  readonly state?: string;
}

/** Changes what is given of a device; the rest stays. */
export async function setDevice(
  at: Invocation,
  id: string,
  { room, ...others }: DeviceOptions,
): Promise<void> {
  if (room === undefined && Object.keys(others).length === 0) {
    throw new HearthError('bad_request', 'device set takes what is to change', {
      hint: 'hearth device set plug-1 --name Lamp --room Kitchen --type plug',
    });
  }
  const device = await withHub(at, async (hub) => {
    const place =
      room === undefined ? {} : { room: room === false ? null : (await findRoom(hub, room)).id };
    return hub.patch<Device>(devicePath(id), { ...others, ...place });
  });
  const { name, type, state } = device;
  at.answer(device, () => `${id} is changed.\n\n${list({ name, room: device.room, type, state })}`);
}

export async function revokeDevice(at: Invocation, id: string): Promise<void> {
  const answer = await withHub(at, (hub) =>
    hub.post<{ revoked: readonly string[] }>(`${devicePath(id)}/revoke`),
  );
  const count = answer.revoked.length;
  const what = count === 1 ? '1 certificate' : `${count} certificates`;
  const are = count === 1 ? 'is' : 'are';
  at.answer(
    answer,
    () =>
      `${what} of ${id} ${are} void, and so are its API key and its MQTT credential. Its connections ended.`,
  );
  at.note(`To let it in again: hearth device certificate ${id}`);
  at.note(`For HTTP, a new API key: hearth device api-key ${id}`);
}

interface KeyOptions {
  readonly overlap?: string;
  readonly now?: boolean;
  readonly voidPrevious?: boolean;
}

interface NewKey {
  readonly api_key: string;
  readonly previous_valid_until?: string | null;
}

/** Gives a device a new API key; the one before it works on for a while, or is void at once. */
export async function renewApiKey(at: Invocation, id: string, options: KeyOptions): Promise<void> {
  const { overlap, now, voidPrevious } = options;
  if ([overlap, now, voidPrevious].filter((option) => option !== undefined).length > 1) {
    const choice = 'one of --overlap, --now and --void-previous';
    throw new HearthError('bad_request', `device api-key takes ${choice}`);
  }
  if (voidPrevious) return voidPreviousKey(at, id);
  const body = now ? { overlap: '0s' } : overlap === undefined ? {} : { overlap };
  const answer = await inFlags({ overlap: { flag: '--overlap' } }, () =>
    withHub(at, (hub) => hub.post<NewKey>(`${devicePath(id)}/api-key`, body)),
  );
  at.answer(answer, () => answer.api_key);
  const until = homeTime(at).withZone(answer.previous_valid_until);
  at.note('This is the only time it is shown.');
  at.note(
    until === ''
      ? 'The key before it is void.'
      : `The key before it works until ${until}. Void it now: hearth device api-key ${id} --void-previous`,
  );
}

async function voidPreviousKey(at: Invocation, id: string): Promise<void> {
  await withHub(at, (hub) => hub.delete(`${devicePath(id)}/api-key/previous`));
  at.answer({ voided: id }, () => `Only the newest key of ${id} works now.`);
}

/** Removes a device and its readings, once somebody has said yes to that. */
export async function removeDevice(
  at: Invocation,
  id: string,
  options: { readonly yes?: boolean },
): Promise<void> {
  await withHub(at, async (hub) => {
    const { name } = await hub.get<Device>(devicePath(id));
    const whom = name === id ? id : `${id} (${name})`;
    if (!(await confirmed(at, `This removes ${whom} with all its readings, for good.`, options))) {
      return at.note('Nothing is removed.');
    }
    await hub.delete(devicePath(id));
    at.answer({ removed: id }, () => `${id} is removed, with its readings.`);
  });
}

async function certificatesOf(hub: Hub, id: string): Promise<readonly Certificate[]> {
  const answer = await hub.get<{ certificates: readonly Certificate[] }>(
    `${devicePath(id)}/certificates`,
  );
  return answer.certificates;
}
