import type { Log } from '#kernel';

/** The mail server of the owner's choice, for what people asked to be sent. */
export interface MailSettings {
  readonly host: string;
  readonly port: number;
  /** `tls` from the first byte; `starttls` is asked for and demanded (RFC 8314 §3); `none` for loopback. */
  readonly security: 'tls' | 'starttls' | 'none';
  readonly user?: string;
  readonly password?: string;
  /** An address, or `Name <address>`. */
  readonly from: string;
}

const patienceMs = 15_000;

/** Sends plain text by SMTP. There is one only where the owner has set up a server. */
export class Mail {
  readonly #settings: MailSettings;
  readonly #log: Log;

  constructor({ settings, log }: { readonly settings: MailSettings; readonly log: Log }) {
    this.#settings = settings;
    this.#log = log;
  }

  /** Resolves once the server took it. @throws Error with what the server said; no secret is in it. */
  async send(to: string, subject: string, text: string): Promise<void> {
    const { host, port, security, user, password, from } = this.#settings;
    const { createTransport } = await import('nodemailer');
    const transport = createTransport({
      host,
      port,
      secure: security === 'tls',
      requireTLS: security === 'starttls',
      ignoreTLS: security === 'none',
      ...(user !== undefined && { auth: { user, pass: password ?? '' } }),
      connectionTimeout: patienceMs,
      greetingTimeout: patienceMs,
      socketTimeout: patienceMs,
      // A message is text that we wrote: it names no file and no address to fetch from.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    try {
      await transport.sendMail({ from, to: { name: '', address: to }, subject, text });
      this.#log.info({ host }, 'a mail was sent');
    } finally {
      transport.close();
    }
  }
}
