import { HearthError } from '#kernel';
import { fewestPoints, type Thinning, thin } from './downsample.ts';
import type { Value } from './types.ts';

/** The values of one column with their times, in order. */
export interface Column {
  readonly name: string;
  readonly timesUs: readonly number[];
  readonly values: readonly Value[];
}

/**
 * Thins columns out until all of them together have at most `most` times. Texts count as so many
 * levels as there are different ones, so that their changes stay.
 * @throws HearthError `bad_request` naming `points` when there are too few for so many columns.
 */
export function thinColumns(
  columns: readonly Column[],
  most: number,
  thinning: Thinning,
): readonly Column[] {
  const filled = columns.filter(({ timesUs }) => timesUs.length > 0);
  const times = new Set<number>();
  for (const { timesUs } of filled) for (const timeUs of timesUs) times.add(timeUs);
  if (times.size <= most) return filled;
  const each = Math.floor(most / filled.length);
  if (each < fewestPoints) throw tooFew(most, filled.length);
  return filled.map(({ name, timesUs, values }) => {
    const kept = thin({ times: timesUs, values: levelsOf(values) }, each, thinning);
    return {
      name,
      timesUs: kept.map((at) => timesUs[at] as number),
      values: kept.map((at) => values[at] as Value),
    };
  });
}

export const tooFew = (points: number, columns: number): HearthError =>
  new HearthError('bad_request', `points cannot be ${points} for ${columns} columns`, {
    field: 'points',
    hint: `Ask for at least ${fewestPoints * columns} points, or for fewer fields or aggregates.`,
  });

function levelsOf(values: readonly Value[]): readonly number[] {
  const levels = new Map<string, number>();
  return values.map((value) => {
    if (typeof value !== 'string') return Number(value);
    const level = levels.get(value) ?? levels.size;
    levels.set(value, level);
    return level;
  });
}
