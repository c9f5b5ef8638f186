import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';

interface Denials {
  readonly denials: readonly {
    readonly last_at: string;
    readonly count: number;
    readonly device_id: string | null;
    readonly identity: string | null;
    readonly action: string;
    readonly topic: string;
    readonly client_id: string;
    readonly remote_address: string;
    readonly reason: string;
  }[];
  /** Attempts of nobody known. */
  readonly unknown?: number;
}

/** Shows what was refused, of one device or of all, newest first. */
export async function listDenials(at: Invocation, device: string | undefined): Promise<void> {
  const path = device === undefined ? '/denials' : `/devices/${encodeURIComponent(device)}/denials`;
  const answer = await withHub(at, (hub) => hub.get<Denials>(path));
  at.answer(answer, () => {
    if (answer.denials.length === 0) return 'Nothing was refused.';
    return at.table(
      ['last', 'count', 'device', 'as', 'action', 'topic', 'client', 'from', 'reason'],
      answer.denials.map((denial) => [
        denial.last_at,
        denial.count,
        denial.device_id,
        denial.identity,
        denial.action,
        denial.topic,
        denial.client_id,
        denial.remote_address,
        denial.reason,
      ]),
      ['topic', 'client'],
    );
  });
}
