import { HearthError } from '#kernel';
import { withHub } from './hub.ts';
import { interrupted } from './interrupted.ts';
import type { Invocation } from './invocation.ts';

interface LogsOptions {
  readonly follow?: boolean;
  readonly lines: string;
  readonly level?: string;
}

/** As many as the hub keeps. */
const mostLines = 2000;

/** Prints log lines as the hub wrote them (JSON, one a line), and with `--follow` those to come. */
export async function logs(at: Invocation, options: LogsOptions): Promise<void> {
  const query = {
    limit: lineCount(options.lines),
    level: options.level,
    follow: options.follow ? 'true' : undefined,
  };
  await withHub(
    at,
    async (hub) => {
      const { body } = await hub.stream('/logs', query);
      const reader = body?.getReader();
      if (reader === undefined) return;
      const stop = interrupted(at.around.signals);
      stop.signal.addEventListener('abort', () => void reader.cancel());
      try {
        for (let part = await reader.read(); !part.done; part = await reader.read()) {
          await at.write(part.value);
        }
      } finally {
        stop.forget();
      }
    },
    { running: true },
  );
}

function lineCount(text: string): string {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= mostLines) return String(count);
  throw new HearthError(
    'bad_request',
    `--lines is not a whole number from 1 to ${mostLines}: "${text}"`,
    {
      field: '--lines',
      hint: 'Write hearth logs -n 100.',
    },
  );
}
