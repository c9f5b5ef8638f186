import { ago } from './ago.ts';
import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';

interface Alert {
  readonly last_at: string;
  readonly count: number;
  readonly kind: string;
  readonly device_id: string | null;
  readonly message: string;
}

/** Shows what went wrong lately, newest first. */
export async function listAlerts(
  at: Invocation,
  { limit }: { readonly limit?: string },
): Promise<void> {
  const answer = await withHub(at, (hub) =>
    hub.get<{ alerts: readonly Alert[] }>('/alerts', { limit }),
  );
  const nowMs = at.around.clock.nowMs();
  at.answer(answer, () =>
    answer.alerts.length === 0
      ? 'Nothing needs you.'
      : at.table(
          ['last', 'count', 'kind', 'device', 'message'],
          answer.alerts.map((alert) => [
            ago(alert.last_at, nowMs),
            alert.count,
            alert.kind,
            alert.device_id,
            alert.message,
          ]),
          ['message'],
        ),
  );
}
