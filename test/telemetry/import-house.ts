import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Clock, silentLog, systemClock } from '#kernel';
import { Imports } from '#telemetry';
import { Analysis } from '../../src/telemetry/analysis/analysis.ts';
import type { ImportRequest } from '../../src/telemetry/imports/service.ts';
import type { ImportJob } from '../../src/telemetry/imports/types.ts';
import { type LineHouse, openLineHouse } from './line-protocol-house.ts';

export interface ImportHouse extends LineHouse {
  readonly imports: Imports;
  /** Takes a job on and waits for its end. */
  bring(request: ImportRequest): Promise<ImportJob>;
  ended(id: string): Promise<ImportJob>;
}

export const local = { actor: 'local', origin: 'control socket' };

/** A house with the way in for history: real files, read in a real process. */
export async function openImportHouse(
  options: Parameters<typeof openLineHouse>[0] = {},
): Promise<ImportHouse> {
  const house = await openLineHouse(options);
  const shared = { log: silentLog, devices: house.devices, db: house.db };
  const realClock: Clock = systemClock;
  const directory = join(house.directory, 'analysis');
  const analysis = new Analysis({ clock: realClock, log: silentLog, directory });
  const { telemetry, audit, clock } = house;
  const imports = new Imports({ ...shared, clock, analysis, telemetry, audit });
  onTestFinished(async () => {
    await imports.stop();
    await analysis.stop();
  });
  const ended = async (id: string): Promise<ImportJob> => {
    for (;;) {
      const job = imports.get(id);
      if (job.ended_at !== null) return job;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  return {
    ...house,
    imports,
    ended,
    bring: async (request) => ended((await imports.add(request, local)).id),
  };
}
