import { parentPort, workerData } from 'node:worker_threads';
import { isHearthError, messageOf } from '#kernel';
import { readGroups } from './group-history.ts';
import { readPage } from './history.ts';
import type { AskMessage, CommitMessage, FromWorker, ToWorker, WorkerStart } from './protocol.ts';
import { readManyStatistics, readStatistics } from './statistics.ts';
import { Vault } from './vault.ts';

/**
 * The storage worker: owns journal.db, the sealed files and DuckDB, and is the only one to touch
 * them. A batch is answered before anything else is done with it.
 */

const port = parentPort;
if (port === null) throw new Error('this file runs as a worker');

const tell = (message: FromWorker): void => port.postMessage(message);
const vault = new Vault(workerData as WorkerStart, (note) => tell({ kind: 'note', ...note }));

port.on('message', (message: ToWorker) => {
  if (message.kind === 'commit') {
    commit(message);
    return;
  }
  answer(message)
    .then(
      (value) => tell({ kind: 'answer', id: message.id, answer: value }),
      (error) => refuse(message.id, error),
    )
    .finally(() => {
      // With nothing left to listen to, the thread ends.
      if (message.name === 'close') port.close();
    });
});

tell(await vault.open());
checkFilesInBackground();

function commit(message: CommitMessage): void {
  let committed: ReturnType<Vault['commit']>;
  try {
    committed = vault.commit(message);
  } catch (error) {
    refuse(message.id, error);
    return;
  }
  tell({ kind: 'answer', id: message.id, answer: committed.seq });
  committed.remember();
}

async function answer(message: AskMessage): Promise<unknown> {
  switch (message.name) {
    case 'page':
      return readPage(vault.reader, message.question.query, message.question.cursor);
    case 'statistics':
      return readStatistics(vault.reader, message.question);
    case 'manyStatistics':
      return readManyStatistics(vault.reader, message.question);
    case 'groups':
      return readGroups(vault.reader, message.question);
    case 'report':
      return vault.report(message.question.incident);
    case 'incidents':
      return vault.ledger.incidents();
    case 'quarantine':
      return vault.ledger.addQuarantined(message.question.entries);
    case 'storage':
      return vault.storage();
    case 'tend':
      return vault.tend(message.question);
    case 'retentionPlan':
      return vault.retentionPlan(message.question);
    case 'erase':
      return vault.erase(message.question);
    case 'erased':
      return vault.erased(message.question.id);
    case 'forget':
      return vault.forget(message.question.deviceId, message.question.series);
    case 'seal':
      return vault.seal();
    case 'compact':
      return vault.compact();
    case 'snapshot':
      return vault.snapshots.take(message.question);
    case 'renew':
      return vault.snapshots.renew(message.question.lease);
    case 'release':
      return vault.snapshots.release(message.question.lease);
    case 'close':
      return vault.close();
  }
}

function refuse(id: number, error: unknown): void {
  const known = isHearthError(error);
  tell({
    kind: 'refusal',
    id,
    code: known ? error.code : 'storage_failed',
    message: messageOf(error),
    hint: known ? error.hint : undefined,
    field: known ? error.field : undefined,
    retryable: known && error.retryable,
  });
}

/** Reads older files against their checksums, one at a time, whenever there is nothing else to do. */
function checkFilesInBackground(): void {
  const next = async (): Promise<void> => {
    try {
      if (await vault.reader.checkNext()) setTimeout(next, 20).unref();
    } catch (error) {
      // A file that cannot even be set aside is no reason to end: a query that needs it will say so.
      const fields = { err: messageOf(error) };
      tell({ kind: 'note', level: 'error', text: 'the check of older files ended', fields });
    }
  };
  setTimeout(next, 20).unref();
}
