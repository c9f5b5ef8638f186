/**
 * What becomes of a command when something happens to it: a pure function. It says what is to be
 * done about it as data; the service does it.
 */
import { answers, type Dialect } from './dialects.ts';
import { type CommandRecord, type HistoryEntry, isPending, watchMs } from './record.ts';

/** How often a device's type says that a command is tried, and how long each try waits. */
export interface Policy {
  readonly attempts: number;
  readonly intervalMs: number;
}

export type CommandEvent = { readonly atMs: number } & (
  | /** It is new, or the wait after an attempt is over. */ { readonly type: 'due' }
  | /** The device can hear commands from now on. */ { readonly type: 'reachable' }
  | {
      readonly type: 'published';
      readonly attempt: number;
      readonly dialect: Dialect;
      readonly qos: 0 | 1;
      /** The wait for an answer begins anew: this attempt was made before its time. */
      readonly renewsWait: boolean;
    }
  | {
      readonly type: 'held_back';
      readonly attempt: number;
      readonly why: string;
      /** Whether news of the device will say when to try again. */
      readonly untilReachable: boolean;
    }
  | { readonly type: 'delivered' }
  | /** The connection ended, and the latest attempt was not acknowledged on it. */ {
      readonly type: 'lost';
    }
  | {
      readonly type: 'answered';
      readonly ok: boolean;
      readonly message: string | null;
      /** Who said so: `device:ID`, or whoever answers for it, such as `service:bridge`. */
      readonly by: string;
    }
  | {
      readonly type: 'reported';
      readonly from: 'status' | 'reading' | 'answer';
      readonly receivedAtMs: number;
      readonly agrees: boolean;
      /** What is not as it should be, in one sentence; empty when nothing is. */
      readonly contradiction: string;
      /** The property that it is about. */
      readonly property: string;
    }
  | { readonly type: 'cancelled'; readonly by: string }
  | { readonly type: 'superseded'; readonly by: string; readonly commandId: string }
);

/** When the due-queue is to look at a command again. */
export type NextLook = { readonly afterMs: number } | { readonly atMs: number } | 'never';

export interface Step {
  readonly command: CommandRecord;
  /** Everything that someone else can see of this step; none when nothing did change for them. */
  readonly history: readonly HistoryEntry[];
  readonly publish?: { readonly attempt: number; readonly renewsWait: boolean };
  readonly next?: NextLook;
  readonly settled?: Settled;
  /** Not worth telling and writing each time: the newest of some seconds is enough. */
  readonly isQuiet?: boolean;
  /** An answer to what was answered before. */
  readonly isRepeat?: boolean;
}

/** What became of a command, and who decided that: a row for the audit. */
export interface Settled {
  readonly outcome: string;
  readonly actor: string;
  /** The device that the actor answered for. */
  readonly for?: string;
}

/** Applies one event to a command. A final status is never left. */
export function advance(command: CommandRecord, event: CommandEvent, policy: Policy): Step {
  switch (event.type) {
    case 'due':
      return due(command, event.atMs, policy);
    case 'reachable':
      return reachable(command, event.atMs, policy);
    case 'published':
      return published(command, event, policy);
    case 'held_back':
      return heldBack(command, event, policy);
    case 'delivered':
      return delivered(command, event.atMs);
    case 'lost':
      return lost(command, event.atMs);
    case 'answered':
      return answered(command, event);
    case 'reported':
      return reported(command, event);
    case 'cancelled':
      return cancelled(command, event);
    case 'superseded':
      return superseded(command, event);
  }
}

type Event<Type extends CommandEvent['type']> = Extract<CommandEvent, { type: Type }>;

const unchanged = (command: CommandRecord): Step => ({ command, history: [] });

/** Never beyond the moment at which the device would refuse the command. */
const waitOf = (
  { expiresAtMs }: CommandRecord,
  nowMs: number,
  { intervalMs }: Policy,
): NextLook => ({
  afterMs: Math.max(0, Math.min(intervalMs, expiresAtMs - nowMs)),
});

/**
 * A command that waits for its device counts an attempt only when it arrived: one that went into a
 * connection whose other end is gone is made again.
 */
const isUncounted = ({ waits, unproven }: CommandRecord): boolean => waits && unproven > 0;

const isSpent = (command: CommandRecord, { attempts }: Policy): boolean =>
  command.attempts >= attempts && !isUncounted(command);

const nextAttempt = (command: CommandRecord): number =>
  isUncounted(command) ? Math.max(1, command.attempts) : command.attempts + 1;

function due(command: CommandRecord, atMs: number, policy: Policy): Step {
  if (!isPending(command)) return unchanged(command);
  if (isSpent(command, policy)) return timedOut(command, atMs);
  if (atMs >= command.expiresAtMs) return expired(command, atMs);
  if (isUncounted(command) && command.unproven >= policy.attempts) return kept(command, atMs);
  const publish = { attempt: nextAttempt(command), renewsWait: false };
  return { ...unchanged(command), publish, next: waitOf(command, atMs, policy) };
}

/** Nobody seems to be there: it goes out again when the device is heard of. */
function kept(command: CommandRecord, atMs: number): Step {
  const { unproven, expiresAtMs } = command;
  const until = new Date(expiresAtMs).toISOString();
  const detail = `${unproven} times sent without PUBACK; kept until ${until}`;
  return {
    command: { ...command, published: false, error: 'the device does not say that it arrived' },
    history: command.published ? [{ atMs, event: 'held back', detail }] : [],
    next: { atMs: expiresAtMs },
  };
}

function reachable(command: CommandRecord, atMs: number, policy: Policy): Step {
  if (!isPending(command) || command.published) return unchanged(command);
  if (atMs >= command.expiresAtMs) {
    return isSpent(command, policy) ? timedOut(command, atMs) : expired(command, atMs);
  }
  const isAnother = command.waits || command.attempts === 0;
  if (isAnother && isSpent(command, policy)) return timedOut(command, atMs);
  const attempt = isAnother ? nextAttempt(command) : command.attempts;
  const isBack = { ...command, unproven: Math.min(1, command.unproven) };
  return { ...unchanged(isBack), publish: { attempt, renewsWait: true } };
}

function published(command: CommandRecord, event: Event<'published'>, policy: Policy): Step {
  const { atMs, attempt, dialect, qos, renewsWait } = event;
  const isFirst = command.sentAtMs === null;
  const isOpen = isPending(command);
  return {
    command: {
      ...command,
      status: command.status === 'queued' ? 'sent' : command.status,
      attempts: attempt,
      published: true,
      dialect,
      unconfirmedDelivery: qos === 0,
      unproven: unprovenAfter(command, event),
      sentAtMs: isFirst ? atMs : command.sentAtMs,
      error: isOpen ? null : command.error,
    },
    history: [{ atMs, event: 'published', detail: `attempt ${attempt}, ${dialect}, QoS ${qos}` }],
    ...(isOpen && renewsWait && { next: waitOf(command, atMs, policy) }),
  };
}

function unprovenAfter({ unproven }: CommandRecord, event: Event<'published'>): number {
  if (event.qos === 0) return 0;
  return event.renewsWait ? 1 : unproven + 1;
}

function heldBack(command: CommandRecord, event: Event<'held_back'>, policy: Policy): Step {
  const { atMs, attempt, why, untilReachable } = event;
  if (!isPending(command)) return unchanged(command);
  const attempts = command.waits ? command.attempts : attempt;
  const isNews = attempts !== command.attempts || why !== command.error || command.published;
  const kept = new Date(command.expiresAtMs).toISOString();
  const detail = command.waits ? `${why}; kept until ${kept}` : `attempt ${attempt}: ${why}`;
  const wait = untilReachable ? { atMs: command.expiresAtMs } : waitOf(command, atMs, policy);
  return {
    command: { ...command, attempts, published: false, error: why },
    history: isNews ? [{ atMs, event: 'not published', detail }] : [],
    ...(command.waits && { next: wait }),
  };
}

function delivered(command: CommandRecord, atMs: number): Step {
  if (command.deliveredAtMs !== null) return unchanged({ ...command, unproven: 0 });
  const status = isPending(command) ? 'delivered' : command.status;
  return {
    command: { ...command, status, deliveredAtMs: atMs, unproven: 0 },
    history: [{ atMs, event: 'delivered', detail: '' }],
  };
}

/** Whether it arrived nobody knows: on return it goes out again, and the device knows its id. */
function lost(command: CommandRecord, atMs: number): Step {
  if (!isPending(command) || !command.published || command.unproven === 0) {
    return unchanged(command);
  }
  const detail = `attempt ${command.attempts}: the connection ended without PUBACK`;
  const error = 'the connection ended before the device said that it arrived';
  return {
    command: { ...command, published: false, unproven: 1, error },
    history: [{ atMs, event: 'lost', detail }],
  };
}

function answered(command: CommandRecord, event: Event<'answered'>): Step {
  const { atMs, ok, message, by } = event;
  if (!isPending(command)) return answeredLate(command, event);
  if (!ok) {
    const step = end(command, 'rejected', atMs, message ?? 'the device refused it', by);
    return { ...step, settled: settledBy(command, 'rejected', by) };
  }
  const step = acknowledged(command, atMs, message ?? '', by);
  return command.agrees ? confirmed(step, atMs) : step;
}

const deviceOf = ({ deviceId }: CommandRecord): string => `device:${deviceId}`;

const settledBy = (command: CommandRecord, outcome: string, actor: string): Settled => ({
  outcome,
  actor,
  ...(actor !== deviceOf(command) && { for: command.deviceId }),
});

const acknowledged = (command: CommandRecord, atMs: number, detail: string, by: string): Step => ({
  command: { ...command, status: 'acknowledged', acknowledgedAtMs: atMs, error: null },
  history: [{ atMs, event: 'acknowledged', detail }],
  next: 'never',
  settled: settledBy(command, 'acknowledged', by),
});

const confirmed = (step: Step, atMs: number): Step => ({
  ...step,
  command: { ...step.command, status: 'confirmed', confirmedAtMs: atMs, error: null },
  history: [...step.history, { atMs, event: 'confirmed', detail: '' }],
});

/** The first answer counts; but of a command that was given up the record tells what the device did. */
function answeredLate(command: CommandRecord, event: Event<'answered'>): Step {
  const { atMs, ok, message } = event;
  const wasGivenUp =
    command.status === 'timed_out' ||
    command.status === 'expired' ||
    command.status === 'cancelled';
  const verdict = ok ? 'acknowledged' : 'rejected';
  const late = `${verdict} late`;
  const detail = message ?? '';
  const isFirst = wasGivenUp && command.acknowledgedAtMs === null;
  if (isFirst && !command.error?.includes(late)) {
    const error = [command.error, late].filter((part) => part !== null).join('; ');
    return {
      command: { ...command, error, ...(ok && { acknowledgedAtMs: atMs }) },
      history: [{ atMs, event: late, detail }],
    };
  }
  // A device that answers for ever is to cost no commit for each of its answers.
  if (command.answeredAgain) return { ...unchanged(command), isRepeat: true };
  return {
    command: { ...command, answeredAgain: true },
    history: [{ atMs, event: `${verdict} again`, detail }],
    isRepeat: true,
  };
}

function reported(command: CommandRecord, event: Event<'reported'>): Step {
  if (command.status === 'acknowledged') return reportedAfterAnswer(command, event);
  const { atMs, receivedAtMs, from, agrees } = event;
  const { sentAtMs, deliveredAtMs, dialect } = command;
  if (!isPending(command) || dialect === null || sentAtMs === null || receivedAtMs < sentAtMs) {
    return unchanged(command);
  }
  if (answers(dialect)) return unchanged({ ...command, agrees });
  // A reading on its way may be older than the command: it counts once the device has it.
  const arrivedAtMs = deliveredAtMs ?? (command.unconfirmedDelivery ? sentAtMs : undefined);
  const isAfter = arrivedAtMs !== undefined && receivedAtMs >= arrivedAtMs;
  if (!agrees || (from === 'reading' && !isAfter)) return unchanged(command);
  const step = acknowledged(command, atMs, `its ${from} agrees`, deviceOf(command));
  return confirmed(step, atMs);
}

function reportedAfterAnswer(command: CommandRecord, event: Event<'reported'>): Step {
  const { atMs, receivedAtMs, from, agrees, contradiction, property } = event;
  const acknowledgedAtMs = command.acknowledgedAtMs ?? 0;
  if (atMs - acknowledgedAtMs >= watchMs) return unchanged(command);
  if (agrees) {
    const isAfter = receivedAtMs >= (command.sentAtMs ?? acknowledgedAtMs);
    return isAfter ? confirmed(unchanged(command), atMs) : unchanged(command);
  }
  // What was under way while the device acted tells of before.
  const isAfter = from === 'answer' || receivedAtMs > acknowledgedAtMs;
  if (!isAfter || command.error === contradiction) return unchanged(command);
  const contradicts = { ...command, error: contradiction };
  // The first value is news; that a fan on its way there has another one each time is not.
  if (command.contradicted.includes(property)) return { ...unchanged(contradicts), isQuiet: true };
  return {
    command: { ...contradicts, contradicted: [...command.contradicted, property] },
    history: [{ atMs, event: 'contradicted', detail: contradiction }],
  };
}

const mayBeDone = 'it was sent; the device may have acted on it';

function cancelled(command: CommandRecord, { atMs, by }: Event<'cancelled'>): Step {
  if (!isPending(command)) return unchanged(command);
  const error = command.sentAtMs !== null ? mayBeDone : null;
  return end(command, 'cancelled', atMs, error, by);
}

function superseded(command: CommandRecord, event: Event<'superseded'>): Step {
  if (!isPending(command)) return unchanged(command);
  const { atMs, commandId, by } = event;
  const sent = command.sentAtMs !== null ? `; ${mayBeDone}` : '';
  return end(command, 'cancelled', atMs, `superseded by ${commandId}${sent}`, by);
}

function timedOut(command: CommandRecord, atMs: number): Step {
  const { attempts, sentAtMs } = command;
  const times = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  const error = sentAtMs === null ? `not sent in ${times}` : `no answer after ${times}`;
  return end(command, 'timed_out', atMs, error + becauseOf(command), 'hub');
}

function expired(command: CommandRecord, atMs: number): Step {
  const error = command.sentAtMs === null ? 'not sent before it expired' : 'no answer in time';
  return end(command, 'expired', atMs, error + becauseOf(command), 'hub');
}

/** Why the latest attempt could not go out, if it could not. */
const becauseOf = ({ published, error }: CommandRecord): string =>
  published || error === null ? '' : `: ${error}`;

const end = (
  command: CommandRecord,
  status: 'rejected' | 'expired' | 'timed_out' | 'cancelled',
  atMs: number,
  error: string | null,
  actor: string,
): Step => ({
  command: { ...command, status, error },
  history: [{ atMs, event: status.replace('_', ' '), detail: error ?? '' }],
  next: 'never',
  settled: { outcome: status, actor },
});
