import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { HearthError } from '#kernel';

/** What a compressed body may hold; one of ten thousand lines is a fifth of it. */
export const mostInflatedBytes = 8 * 1024 ** 2;

const inflate = promisify(gunzip);

/**
 * The text of a body.
 * @throws HearthError `too_large` beyond the bound, `bad_request` for what is neither gzip nor UTF-8.
 */
export async function textOf(body: Uint8Array, encoding: string | undefined): Promise<string> {
  const bytes = await plainBytes(body, encoding?.trim().toLowerCase());
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new HearthError('bad_request', 'the body is not UTF-8', { cause: error });
  }
}

async function plainBytes(body: Uint8Array, encoding: string | undefined): Promise<Uint8Array> {
  if (encoding === undefined || encoding === '' || encoding === 'identity') return body;
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    throw new HearthError('bad_request', `the body is encoded as ${encoding.slice(0, 40)}`, {
      field: 'Content-Encoding',
      hint: 'Send it as gzip, or as it is.',
    });
  }
  try {
    return await inflate(body, { maxOutputLength: mostInflatedBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new HearthError('too_large', `the body holds more than ${mostInflatedBytes} bytes`, {
        hint: 'Send fewer lines at once.',
        cause: error,
      });
    }
    throw new HearthError('bad_request', 'the body is not gzip, as it says', { cause: error });
  }
}
