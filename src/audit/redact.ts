/**
 * What of a row's detail may be written down. Whoever appends knows better than to hand over a
 * secret; this is for the day that somebody does not.
 */

const cut = '[redacted]';
const mostDetailBytes = 4096;
const longestText = 300;
const deepest = 8;

/** Names of what is secret, in lower-case letters and digits alone. */
const secretName =
  /pass(word|phrase|wd|code)|secret|token|credential|authorization|bearer|cookie|private|(pem|csr|otp|seed|key|code)s?$|^pins?$/;
/** Names that only sound so: what is public, or says something about a secret. */
const harmlessName =
  /^(public|box|signing)key$|^(status|error|exit)code$|(id|ids|name|names|kind|type|count|at|until|fingerprint|algorithm|state)$/;
/** Texts that are secret whatever they are called: PEM, a JWT, a token or key of ours, something sealed. */
const secretText =
  /-----BEGIN |\beyJ[\w-]{8,}\.[\w-]+\.|\bhearth_[\w-]{16,}|\bhs1\.|\bBearer \S|:\/\/[^/\s:@]+:[^/\s@]+@|^[\w-]{43}$/i;

/** JSON of `detail` without what is secret in it, at most 4 kB of it. */
export function redactedJson(detail: Readonly<Record<string, unknown>>): string {
  // As JSON has it: what a toJSON or a getter would say is looked at too.
  const json = JSON.stringify(redact(JSON.parse(JSON.stringify(detail)), 0));
  const bytes = Buffer.byteLength(json);
  return bytes <= mostDetailBytes ? json : JSON.stringify({ left_out_bytes: bytes });
}

/** One of the other fields of a row: a short text. */
export function redactedText(text: string): string {
  return secretText.test(text) ? cut : shortText(text);
}

/** Who did it is always said: nobody must be able to take a name that hides what they do. */
export const shortText = (text: string): string => text.slice(0, longestText);

function redact(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return secretText.test(value) ? cut : value;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= deepest) return cut;
  if (Array.isArray(value)) return value.map((one) => redact(one, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      redactedText(name),
      isSecretName(name) && !isPlain(one) ? cut : redact(one, depth + 1),
    ]),
  );
}

function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  return secretName.test(plain) && !harmlessName.test(plain);
}

/** Whether there is a secret says nothing of it. */
const isPlain = (value: unknown): boolean => typeof value === 'boolean' || value === null;
