import type { Hub } from './hub.ts';
import type { Invocation } from './invocation.ts';

interface Status {
  readonly addresses?: { readonly mqtts?: { readonly port: number } | null };
}

/** Where devices connect: what the running hub says, or where one would listen. */
export async function mqttsPort(hub: Hub, at: Invocation): Promise<number> {
  const running = hub.live ? await hub.get<Status>('/status') : undefined;
  return running?.addresses?.mqtts?.port ?? at.config()['mqtts.port'];
}
