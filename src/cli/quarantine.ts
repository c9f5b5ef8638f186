import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';

interface Quarantined {
  readonly messages: readonly Record<string, unknown>[];
}

/** Shows the messages that were set aside because they could not be read, newest first. */
export async function listQuarantine(at: Invocation): Promise<void> {
  const answer = await withHub(at, (hub) => hub.get<Quarantined>('/quarantine'));
  at.answer(answer, () =>
    answer.messages.length === 0
      ? 'The quarantine is empty.'
      : at.table(
          ['received', 'device', 'topic', 'field', 'reason', 'payload'],
          answer.messages.map((message) => [
            message.received_at,
            message.device_id,
            message.topic,
            message.field,
            message.reason,
            message.payload,
          ]),
          ['topic', 'payload'],
        ),
  );
}
