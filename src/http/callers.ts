import { type Caller, localCaller } from '#auth';
import { type Door, isInside } from './arrival.ts';

/** Who shows these headers at a door. The owner at the machine needs to show nothing. */
export type CallerOf = (
  headers: Headers,
  method: string,
  door: Door,
) => Promise<Caller | undefined>;

export interface CallersOptions {
  readonly auth: {
    callerOf(
      headers: Headers,
      request: { readonly method: string; readonly isTls: boolean },
    ): Promise<Caller | undefined>;
  };
  readonly devices: {
    deviceOfApiKey(key: string): { readonly id: string; readonly name: string } | undefined;
  };
}

/** A device by its own key, a person or program by session or token; a key is judged by itself. */
export function callers({ auth, devices }: CallersOptions): CallerOf {
  return async (headers, method, door) => {
    if (isInside({ door })) return localCaller;
    const apiKey = headers.get('x-api-key');
    if (apiKey !== null) return deviceOf(apiKey);
    const caller = await auth.callerOf(headers, { method, isTls: door === 'https' });
    // Programs that write to InfluxDB have one place for a secret: a device puts its key there.
    return caller ?? deviceOf(bearerOf(headers));
  };

  function deviceOf(apiKey: string | undefined): Caller | undefined {
    const device = apiKey === undefined ? undefined : devices.deviceOfApiKey(apiKey);
    return device && { kind: 'device', id: device.id, name: device.name, role: 'device' };
  }
}

const bearerOf = (headers: Headers): string | undefined =>
  /^(?:bearer|token) +(\S{1,200})$/i.exec(headers.get('authorization')?.trim() ?? '')?.[1];
