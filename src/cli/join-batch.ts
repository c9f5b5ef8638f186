import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { HearthError, messageOf } from '#kernel';
import { homeTime } from './home-time.ts';
import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { type Kind, meant } from './meant.ts';

interface Batch {
  readonly id: string;
  readonly name: string;
  readonly devices: number;
  readonly claimed: number;
  readonly added_at: string;
  readonly added_by: string;
}

/** Registers the keys of a production batch: each then claims its id, and nothing else does. */
export async function addBatch(
  at: Invocation,
  file: string,
  options: { readonly name?: string },
): Promise<void> {
  const text = await contentsOf(at.path(file));
  const name = options.name ?? basename(file, extname(file));
  const batch = await withHub(
    at,
    (hub) => hub.postText<Batch>('/join/batch', { type: 'text/csv', text }, { name }),
    { create: true },
  );
  const count = batch.devices === 1 ? '1 key is' : `${batch.devices} keys are`;
  at.answer(batch, () => `${count} registered, as the batch ${batch.id} (${batch.name}).`);
  at.note('Each device comes in with its key alone, without a code.');
}

export async function listBatches(at: Invocation): Promise<void> {
  const answer = await withHub(at, (hub) => hub.get<{ batches: readonly Batch[] }>('/join/batch'));
  const home = homeTime(at);
  at.answer(answer, () =>
    answer.batches.length === 0
      ? 'No keys are registered: hearth join batch batch.csv.'
      : home.below(
          at.table(
            ['id', 'name', 'keys', 'claimed', 'added', 'by'],
            answer.batches.map((batch) => [
              batch.id,
              batch.name,
              batch.devices,
              batch.claimed,
              home.minute(batch.added_at),
              batch.added_by,
            ]),
            ['name'],
          ),
        ),
  );
}

const kind: Kind<Batch> = {
  singular: 'batch',
  plural: 'batches',
  shownBy: 'hearth join batches',
  namesOf: ({ name }) => [name],
};

/** Forgets a batch by its id or name. @throws HearthError `not_found`, `conflict`. */
export async function forgetBatch(at: Invocation, batch: string): Promise<void> {
  const id = await withHub(at, async (hub) => {
    const { batches } = await hub.get<{ batches: readonly Batch[] }>('/join/batch');
    const { id } = meant(batch, batches, kind);
    await hub.delete(`/join/batch/${encodeURIComponent(id)}`);
    return id;
  });
  at.answer({ forgotten: id }, () => 'Its keys are forgotten; devices that came in stay.');
}

async function contentsOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new HearthError('not_found', `the batch cannot be read: ${messageOf(cause)}`, {
      field: 'file',
      hint: 'Give a CSV file with the header id,public_key and, if you like, type,name.',
      cause,
    });
  }
}
