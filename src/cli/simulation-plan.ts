import { basename } from 'node:path';
import { HearthError, parseDurationMs, parseTimeMs } from '#kernel';
import {
  type Behaviour,
  type DialectName,
  type Member,
  membersOfKind,
  membersOfPreset,
  type PresetName,
  type ProfileName,
  parseBehaviour,
  profiles,
} from '#sim';

export interface SimulateOptions {
  readonly preset?: PresetName;
  readonly devices?: string;
  readonly replay?: string;
  readonly interactive?: boolean;
  readonly rate?: string;
  readonly duration: string;
  readonly loss: string;
  readonly device?: string;
  readonly start?: string;
  readonly speed: string;
  readonly type?: string;
  readonly behave?: string;
  readonly dialect?: DialectName;
  readonly seed?: string;
  readonly remove?: boolean;
  readonly yes?: boolean;
}

/** What was asked for, understood: one of three kinds of run. */
export type SimulationPlan =
  | {
      readonly kind: 'fleet';
      readonly members: readonly Member[];
      readonly durationMs: number;
      readonly ratePerSecond?: number;
      readonly lossPercent: number;
      readonly behaviour?: Behaviour;
    }
  | {
      readonly kind: 'replay';
      readonly file: string;
      readonly member: Member;
      readonly startMs?: number;
      readonly speed?: number;
    }
  | {
      readonly kind: 'interactive';
      readonly member: Member;
      readonly everyMs: number;
      readonly behaviour?: Behaviour;
    };

/** The devices a run is with. */
export const membersOf = (plan: SimulationPlan): readonly Member[] =>
  plan.kind === 'fleet' ? plan.members : [plan.member];

const mostDevices = 2000;
const mostPerSecond = 10_000;

/** @throws HearthError `bad_request` unless exactly one thing is to be done. */
export function requireOneKind(options: SimulateOptions): void {
  const { preset, devices, replay, interactive, remove } = options;
  const kinds = [preset, devices, replay, interactive, remove];
  if (kinds.filter((kind) => kind !== undefined).length === 1) return;
  throw wrong('simulate', 'takes one of --preset, --devices, --replay, --interactive and --remove');
}

/** @throws HearthError `bad_request` naming the option at fault. */
export function planSimulation(options: SimulateOptions, nowMs: number): SimulationPlan {
  requireOneKind(options);
  const { preset, devices, replay, interactive } = options;
  if (replay !== undefined) return planReplay(options, replay, nowMs);
  if (interactive) return planInteractive(options);
  const kind = profileOf(options.type ?? 'plug');
  return {
    kind: 'fleet',
    members: preset
      ? membersOfPreset(preset)
      : membersOfKind(kind, Math.floor(number('--devices', devices ?? '', 1, mostDevices))),
    durationMs: durationOf(options.duration),
    ...rateOf(options.rate ?? (preset ? undefined : '1')),
    lossPercent: number('--loss', options.loss, 0, 100),
    ...behaviourOf(options),
  };
}

function planReplay(options: SimulateOptions, file: string, nowMs: number): SimulationPlan {
  if (options.behave !== undefined)
    throw wrong('--behave', 'is not for a replay: it hears nothing');
  const { device, start, speed } = options;
  const name = basename(file).replace(/\.[^.]*$/, '');
  return {
    kind: 'replay',
    file,
    member: {
      id: device ?? `sim-${name.replace(/[^A-Za-z0-9_.-]+/g, '-').toLowerCase()}`,
      name: `Replay of ${name}`,
      profile: profileOf(options.type ?? 'plug'),
    },
    ...(start === undefined ? {} : { startMs: parseTimeMs(start, nowMs, '--start') }),
    ...(speed === 'max' ? {} : { speed: number('--speed', speed, 0.001, 1e9) }),
  };
}

function planInteractive(options: SimulateOptions): SimulationPlan {
  const profile = profileOf(options.type ?? 'purifier');
  const [first] = membersOfKind(profile, 1);
  if (first === undefined) throw new Error('a kind without a first member');
  const rate = rateOf(options.rate).ratePerSecond;
  return {
    kind: 'interactive',
    member: { ...first, id: options.device ?? first.id },
    everyMs: rate === undefined ? profiles[profile].everyMs : 1000 / rate,
    ...behaviourOf(options),
  };
}

const behaviourOf = ({ behave }: SimulateOptions): { behaviour?: Behaviour } =>
  behave === undefined ? {} : { behaviour: parseBehaviour(behave, '--behave') };

const rateOf = (rate: string | undefined): { ratePerSecond?: number } =>
  rate === undefined ? {} : { ratePerSecond: number('--rate', rate, 0.001, mostPerSecond) };

/** `60` is seconds; `5m` says what it is. */
const durationOf = (text: string): number =>
  parseDurationMs(/^\d+$/.test(text) ? `${text}s` : text, '--duration');

function profileOf(name: string): ProfileName {
  if (Object.hasOwn(profiles, name)) return name as ProfileName;
  throw wrong('--type', `is one of ${Object.keys(profiles).join(', ')}, not "${name}"`);
}

function number(option: string, text: string, low: number, high: number): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= low && value <= high) return value;
  throw wrong(option, `takes a number from ${low} to ${high}, not "${text}"`);
}

const wrong = (option: string, problem: string): HearthError =>
  new HearthError('bad_request', `${option} ${problem}`, {
    field: option,
    hint: 'hearth simulate --help has examples of each.',
  });
