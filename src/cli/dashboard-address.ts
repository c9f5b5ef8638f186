import type { Hub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { lanAddress } from './welcome.ts';

interface Status {
  readonly addresses?: { readonly https?: { readonly port: number } | null };
}

/** The dashboard as others in the home reach it; undefined when it is not served to them. */
export async function dashboardAddress(hub: Hub, at: Invocation): Promise<string | undefined> {
  const running = hub.live ? (await hub.get<Status>('/status')).addresses : undefined;
  const port = hub.live ? running?.https?.port : at.config()['https.port'];
  return port === undefined ? undefined : `https://${lanAddress() ?? 'localhost'}:${port}`;
}
