import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context, Handler } from 'hono';
import { getMimeType } from 'hono/utils/mime';
import { buildingPage } from './pages.ts';

/** A path of plain names: nothing hidden, nothing that climbs. */
const plainPath = /^(\/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+$/;
/** Vite writes the hash of what is in a file into its name, below /assets. */
const isHashed = (path: string): boolean => path.startsWith('/assets/');

/**
 * Serves the built dashboard. Every path that is not a file is a page of the dashboard's own and
 * gets `index.html`; until that is built, a page that says so.
 */
export function dashboard(directory: string): Handler {
  return async (context) => {
    const { path } = context.req;
    const file = path === '/docs' ? '/docs.html' : path;
    const found = await fileResponse(context, directory, file);
    if (found) return found;
    if (isHashed(path) || /\.[a-z0-9]+$/i.test(path)) return context.notFound();
    const index = await fileResponse(context, directory, '/index.html');
    return index ?? context.html(buildingPage(), 200, { 'cache-control': 'no-store' });
  };
}

async function fileResponse(
  context: Context,
  directory: string,
  path: string,
): Promise<Response | undefined> {
  if (!plainPath.test(path)) return undefined;
  try {
    const contents = new Uint8Array(await readFile(join(directory, path)));
    return context.body(contents, 200, {
      'content-type': getMimeType(path) ?? 'application/octet-stream',
      'cache-control': isHashed(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
    });
  } catch {
    // Missing, a folder, or replaced by a build at this very moment: not a file to serve.
    return undefined;
  }
}
