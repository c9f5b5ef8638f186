/** Settings of the hub as its parts want them. */
import type { OidcSettings } from '#auth';
import type { Config } from '#config';
import { HearthError } from '#kernel';
import type { MailSettings } from '#mail';
import type { BrokerLimits } from '#mqtt';
import type { ExportsOptions } from '#telemetry';

/**
 * Undefined where nobody set up a mail server.
 * @throws HearthError `bad_config` when there is one, and no address that mail comes from.
 */
export function mailSettingsOf(config: Config): MailSettings | undefined {
  const host = config['smtp.host'];
  if (host === undefined) return undefined;
  const from = config['smtp.from'];
  if (from === undefined) {
    throw new HearthError('bad_config', 'smtp.host is set, and smtp.from is not', {
      field: 'smtp.from',
      hint: 'Say which address mail comes from: HEARTH_SMTP_FROM=hub@home.example.',
    });
  }
  const user = config['smtp.user'];
  const password = config['smtp.password'];
  return {
    host,
    port: config['smtp.port'],
    security: config['smtp.security'],
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    from,
  };
}

/** Undefined where nobody set up a provider. */
export function oidcSettingsOf(config: Config): OidcSettings | undefined {
  const issuer = config['oidc.issuer'];
  const clientId = config['oidc.client_id'];
  const clientSecret = config['oidc.client_secret'];
  if (issuer === undefined || clientId === undefined) return undefined;
  return {
    issuer,
    clientId,
    ...(clientSecret !== undefined && { clientSecret }),
    name: config['oidc.name'],
    linkByEmail: config['oidc.link_by_email'],
  };
}

export const brokerLimitsOf = (config: Config): BrokerLimits => ({
  connections: config['limits.connections'],
  connectsPerSecond: config['limits.connects_per_second'],
  packetBytes: config['limits.packet_bytes'],
  subscriptions: config['limits.subscriptions'],
  inflight: config['limits.inflight'],
  queued: config['limits.queued'],
  retained: config['limits.retained'],
  messagesPerSecond: config['limits.messages_per_second'],
});

/** Where exports may go, beside folders. */
export const s3SettingsOf = (config: Config): ExportsOptions['s3'] => ({
  endpoint: config['s3.endpoint'],
  region: config['s3.region'],
  accessKeyId: config['s3.access_key_id'],
  secretAccessKey: config['s3.secret_access_key'],
});
