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
  | { readonly type: 'answered'; readonly ok: boolean; readonly message: string | null }
  | {
      readonly type: 'reported';
      readonly from: 'status' | 'reading' | 'answer';
      readonly receivedAtMs: number;
      readonly agrees: boolean;
      /** What is not as it should be, in one sentence; empty when nothing is. */
      readonly contradiction: string;
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
  /** What became of it, and who decided that: a row for the audit. */
  readonly settled?: { readonly outcome: string; readonly actor: string };
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

function due(command: CommandRecord, atMs: number, policy: Policy): Step {
  if (!isPending(command)) return unchanged(command);
  if (command.attempts >= policy.attempts) return timedOut(command, atMs);
  if (atMs >= command.expiresAtMs) return expired(command, atMs);
  // A command that waits for its device counts an attempt only when it went out.
  const publish = { attempt: command.attempts + 1, renewsWait: false };
  return { ...unchanged(command), publish, next: waitOf(command, atMs, policy) };
}

function reachable(command: CommandRecord, atMs: number, policy: Policy): Step {
  if (!isPending(command) || command.published) return unchanged(command);
  if (atMs >= command.expiresAtMs) {
    return command.attempts >= policy.attempts ? timedOut(command, atMs) : expired(command, atMs);
  }
  const isAnother = command.waits || command.attempts === 0;
  if (isAnother && command.attempts >= policy.attempts) return timedOut(command, atMs);
  const attempt = isAnother ? command.attempts + 1 : command.attempts;
  return { ...unchanged(command), publish: { attempt, renewsWait: true } };
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
      sentAtMs: isFirst ? atMs : command.sentAtMs,
      error: isOpen ? null : command.error,
    },
    history: [{ atMs, event: 'published', detail: `attempt ${attempt}, ${dialect}, QoS ${qos}` }],
    ...(isOpen && renewsWait && { next: waitOf(command, atMs, policy) }),
  };
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
  if (command.deliveredAtMs !== null) return unchanged(command);
  const status = isPending(command) ? 'delivered' : command.status;
  return {
    command: { ...command, status, deliveredAtMs: atMs },
    history: [{ atMs, event: 'delivered', detail: '' }],
  };
}

function answered(command: CommandRecord, event: Event<'answered'>): Step {
  const { atMs, ok, message } = event;
  const actor = `device:${command.deviceId}`;
  if (!isPending(command)) return answeredLate(command, event);
  if (!ok) return end(command, 'rejected', atMs, message ?? 'the device refused it', actor);
  const step = acknowledged(command, atMs, message ?? '');
  return command.agrees ? confirmed(step, atMs) : step;
}

const acknowledged = (command: CommandRecord, atMs: number, detail: string): Step => ({
  command: { ...command, status: 'acknowledged', acknowledgedAtMs: atMs, error: null },
  history: [{ atMs, event: 'acknowledged', detail }],
  next: 'never',
  settled: { outcome: 'acknowledged', actor: `device:${command.deviceId}` },
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
  const isFirst = wasGivenUp && command.acknowledgedAtMs === null;
  const word = `${ok ? 'acknowledged' : 'rejected'} ${isFirst ? 'late' : 'again'}`;
  const history = [{ atMs, event: word, detail: message ?? '' }];
  if (!isFirst || command.error?.includes(word)) return { command, history };
  const error = [command.error, word].filter((part) => part !== null).join('; ');
  return { command: { ...command, error, ...(ok && { acknowledgedAtMs: atMs }) }, history };
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
  return confirmed(acknowledged(command, atMs, `its ${from} agrees`), atMs);
}

function reportedAfterAnswer(command: CommandRecord, event: Event<'reported'>): Step {
  const { atMs, receivedAtMs, from, agrees, contradiction } = event;
  const acknowledgedAtMs = command.acknowledgedAtMs ?? 0;
  if (atMs - acknowledgedAtMs >= watchMs) return unchanged(command);
  if (agrees) {
    const isAfter = receivedAtMs >= (command.sentAtMs ?? acknowledgedAtMs);
    return isAfter ? confirmed(unchanged(command), atMs) : unchanged(command);
  }
  // What was under way while the device acted tells of before.
  const isAfter = from === 'answer' || receivedAtMs > acknowledgedAtMs;
  if (!isAfter || command.error === contradiction) return unchanged(command);
  return {
    command: { ...command, error: contradiction },
    history: [{ atMs, event: 'contradicted', detail: contradiction }],
  };
}

function cancelled(command: CommandRecord, { atMs, by }: Event<'cancelled'>): Step {
  if (!isPending(command)) return unchanged(command);
  const wasSent = command.sentAtMs !== null;
  const error = wasSent ? 'it was sent; the device may have acted on it' : null;
  return end(command, 'cancelled', atMs, error, by);
}

function superseded(command: CommandRecord, event: Event<'superseded'>): Step {
  if (!isPending(command)) return unchanged(command);
  return end(command, 'cancelled', event.atMs, `superseded by ${event.commandId}`, event.by);
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
