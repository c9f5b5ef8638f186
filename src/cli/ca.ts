import { confirmed } from './confirm.ts';
import { type HomeTime, homeTime } from './home-time.ts';
import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { list } from './table.ts';

interface Authority {
  readonly name: string;
  /** SHA-256. */
  readonly fingerprint: string;
  readonly not_after: string;
  /** The one before, while both are trusted. */
  readonly previous: {
    readonly fingerprint: string;
    readonly not_after: string;
    /** Those that have no certificate of the new one yet. */
    readonly devices: readonly string[];
  } | null;
}

interface RotateOptions {
  readonly finish?: boolean;
  readonly force?: boolean;
  readonly yes?: boolean;
}

export async function showAuthority(at: Invocation): Promise<void> {
  const authority = await withHub(at, (hub) => hub.get<Authority>('/ca'));
  const home = homeTime(at);
  at.answer(authority, () => home.below(words(authority, home)));
}

/** Makes a new authority beside the old one; with `--finish` trusts it alone. */
export async function rotateAuthority(at: Invocation, options: RotateOptions): Promise<void> {
  const home = homeTime(at);
  if (options.finish) return finish(at, options, home);
  const question =
    'This makes a new certificate authority. Every browser and phone has to trust it anew, and every device needs a certificate of it.';
  if (!(await confirmed(at, question, options))) return at.note('Nothing is changed.');
  const authority = await withHub(at, (hub) => hub.post<Authority>('/ca/rotate'));
  at.answer(authority, () => home.below(words(authority, home)));
  at.note('Devices that renew by themselves do so; the others: hearth device certificate ID.');
  at.note('Browsers and phones: the page /trust. When all have it: hearth ca rotate --finish');
}

async function finish(at: Invocation, options: RotateOptions, home: HomeTime): Promise<void> {
  const question =
    'From then on only the new authority is trusted; what the old one signed is void.';
  if (!(await confirmed(at, question, options))) return at.note('Both stay trusted.');
  const body = options.force ? { force: true } : {};
  const answer = await withHub(at, (hub) =>
    hub.post<Authority & { readonly shut_out: readonly string[] }>('/ca/rotate/finish', body),
  );
  at.answer(answer, () => home.below(words(answer, home)));
  if (answer.shut_out.length > 0) {
    at.note(`Without a certificate now: ${answer.shut_out.join(', ')}.`);
    at.note('Each needs a new one: hearth device certificate ID');
  }
}

function words({ name, fingerprint, not_after, previous }: Authority, home: HomeTime): string {
  const facts = list({ name, 'SHA-256': fingerprint, 'valid until': home.minute(not_after) });
  if (previous === null) return facts;
  const old = list({
    'SHA-256': previous.fingerprint,
    'valid until': home.minute(previous.not_after),
    'still needed by': previous.devices.length === 0 ? 'no device' : previous.devices,
  });
  return `${facts}\n\nTrusted too, until hearth ca rotate --finish:\n${old}`;
}
