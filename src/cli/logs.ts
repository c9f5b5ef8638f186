import { withHub } from './hub.ts';
import { interrupted } from './interrupted.ts';
import type { Invocation } from './invocation.ts';

interface LogsOptions {
  readonly follow?: boolean;
  readonly lines: string;
  readonly level?: string;
}

/** Prints log lines as the hub wrote them (JSON, one a line), and with `--follow` those to come. */
export async function logs(at: Invocation, options: LogsOptions): Promise<void> {
  const query = {
    limit: options.lines,
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
