import { type Caller, localCaller } from '#auth';

/** Who shows these headers. `inside` is for the owner at the machine, who needs to show nothing. */
export type CallerOf = (
  headers: Headers,
  method: string,
  inside: boolean,
) => Promise<Caller | undefined>;

export interface CallersOptions {
  readonly auth: {
    callerOf(headers: Headers, request: { readonly method: string }): Promise<Caller | undefined>;
  };
  readonly devices: {
    deviceOfApiKey(key: string): { readonly id: string; readonly name: string } | undefined;
  };
}

/** A device by its own key, a person or program by session or token; a key is judged by itself. */
export function callers({ auth, devices }: CallersOptions): CallerOf {
  return async (headers, method, inside) => {
    if (inside) return localCaller;
    const apiKey = headers.get('x-api-key');
    if (apiKey === null) return auth.callerOf(headers, { method });
    const device = devices.deviceOfApiKey(apiKey);
    return device && { kind: 'device', id: device.id, name: device.name, role: 'device' };
  };
}
