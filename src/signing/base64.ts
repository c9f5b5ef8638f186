/**
 * Decodes standard base64 (RFC 4648 §4) in its one canonical spelling; `undefined` for every other
 * text. The last character of a spelling can have bits that mean nothing (§3.5): were they let
 * through, one message would have several texts, and a flipped byte could go unseen.
 */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

export const encodeBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
