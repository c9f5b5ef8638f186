import type { Signal } from '#kernel';
import type { Batch } from './batch.ts';
import { ClockWatch } from './clock-watch.ts';
import { Committer } from './committer.ts';
import { Forgetting } from './forgetting.ts';
import { History } from './history.ts';
import { HomeHistory } from './home-history.ts';
import { Housekeeping } from './housekeeping.ts';
import { ImportIntake } from './imports/intake.ts';
import { Intake } from './intake.ts';
import type { TelemetryOptions } from './options.ts';
import { Quarantine } from './quarantine.ts';
import type { FreeDisk } from './retention/free-disk.ts';
import type { Retention } from './retention/service.ts';
import type { ErasureRequest } from './retention/types.ts';
import { Sealing } from './sealing.ts';
import { SeriesBook } from './series.ts';
import { Storage } from './storage.ts';
import { HighWaterMark, SealedStore } from './store.ts';
import type { ReadyMessage } from './worker/protocol.ts';

const defaultJournalBytes = 2 * 1024 ** 3;

interface Around {
  readonly retention: Retention;
  readonly freeDisk: FreeDisk;
  readonly onErased: Signal<Omit<ErasureRequest, 'actor' | 'origin'>>;
  /** Storage is there, at the start or again. */
  readonly onReady: (message: ReadyMessage) => void;
  readonly onCommitted: (batch: Batch) => void;
}

/** Makes the parts of telemetry and puts them together. */
export function assemble(options: TelemetryOptions, around: Around) {
  const { clock, config, log } = options;
  const { retention } = around;
  const sensitiveOf = (deviceId: string) => options.devices.sensitiveOf(deviceId);
  const mark = new HighWaterMark(options.db);
  const series = new SeriesBook();
  const quarantine = new Quarantine(clock, {
    kept: config['telemetry.quarantine'],
    isConfidential: (deviceId) => sensitiveOf(deviceId).size > 0,
  });
  const sealing = new Sealing({
    store: new SealedStore(options.db),
    vault: options.vault,
    clock,
    log,
  });
  const storage: Storage = new Storage({
    clock,
    log,
    highWaterSeq: () => Math.max(mark.read(), committer.committedSeq),
    onReady: around.onReady,
    options: {
      directory: options.directory,
      sealPoints: config['telemetry.seal_points'],
      sealMs: config['telemetry.seal_minutes'] * 60_000,
      memoryMb: config['telemetry.memory_mb'],
      timeZone: config['home.time_zone'],
      quarantineKept: config['telemetry.quarantine'],
      journalBytes: options.journalBytes ?? defaultJournalBytes,
      ...(options.dayPoints !== undefined && { dayPoints: options.dayPoints }),
      ...(options.dieAt && { dieAt: options.dieAt }),
    },
  });
  const committer: Committer = new Committer({
    sink: storage,
    series,
    nowMs: () => clock.monotonicMs(),
    onCommitted: around.onCommitted,
  });
  const readable = { storage, series, sealing, sensitiveOf, log };
  const imports = new ImportIntake({ clock, series, committer, sealing, sensitiveOf });
  const intake = new Intake({
    ...{ clock, series, committer, quarantine, sealing, sensitiveOf },
    protection: options.protection,
    limits: {
      messagesPerSecond: config['limits.messages_per_second'],
      messageBytes: config['limits.body_bytes'],
    },
    lateness: retention,
  });
  const shared = { clock, log, storage, committer, quarantine, sealing, retention };
  const forgetting = new Forgetting({
    ...{ ...shared, series, intake },
    audit: options.audit,
    onErased: around.onErased,
  });
  const housekeeping = new Housekeeping({
    ...{ ...shared, mark, forgetting },
    freeDisk: around.freeDisk,
    clockWatch: new ClockWatch(clock),
  });
  return {
    ...{ series, quarantine, sealing, storage, committer, intake, imports },
    ...{ forgetting, housekeeping },
    history: new History(readable),
    homeHistory: new HomeHistory(readable),
  };
}
