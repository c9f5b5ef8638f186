import { HearthError, messageOf } from '#kernel';

/** TLS that failed for who someone is: an alert from the hub, or a hub of another authority. */
const distrust = /^(ERR_SSL_.*ALERT|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|CERT_)/;
/** CONNACK return codes that are about who we are [MQTT-3.2.2-6]. */
const refusals: readonly unknown[] = [2, 4, 5];

/** Whether the hub said no, for which trying again is no cure, or nobody was there. */
export function refusal(id: string, cause: unknown): HearthError {
  const code = typeof cause === 'object' && cause && 'code' in cause ? cause.code : undefined;
  if (refusals.includes(code) || distrust.test(String(code))) {
    return new HearthError('unauthenticated', `the hub refuses ${id}: ${messageOf(cause)}`, {
      hint: `hearth denials list says why; hearth device show ${id} shows its state.`,
      cause,
    });
  }
  const why = cause === undefined ? 'the connection was closed' : messageOf(cause);
  return new HearthError('unavailable', `${id} cannot reach the hub: ${why}`, {
    hint: 'hearth status shows whether the hub runs and where it listens.',
    retryable: true,
    cause,
  });
}
