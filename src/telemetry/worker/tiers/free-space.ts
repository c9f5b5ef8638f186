import type { DiskSpace } from '../protocol.ts';
import type { FileTier, Tier } from './tiers.ts';

/** Pure: which files make room on a disk that is too full. */

/** As much of a file as the choice needs. */
export interface Removable {
  readonly name: string;
  readonly tier: FileTier;
  readonly bytes: number;
  readonly fromUs: number | null;
  readonly untilUs: number | null;
}

/** What goes, in this order, when the disk is full; what is coarser is small and stays. */
const goes: readonly Tier[] = ['raw', '1m'];

/**
 * The oldest raw days, then the oldest days of the sums by the minute, and of them as few as bring
 * the free room up to the floor. Never the newest day, nor the one that `nowUs` lies in, nor what is
 * of the future: by a clock that is wrong, today may be anywhere.
 */
export function filesToMakeRoom<File extends Removable>(
  files: readonly File[],
  { freeBytes, floorBytes }: DiskSpace,
  nowUs: number,
): File[] {
  if (freeBytes === undefined) return [];
  const chosen: File[] = [];
  let room = freeBytes;
  for (const tier of goes) {
    const ofTier = files.filter((file) => file.tier === tier && file.untilUs !== null);
    const newestUs = Math.max(...ofTier.map((file) => file.fromUs ?? 0));
    const oldestFirst = ofTier
      .filter(({ fromUs, untilUs }) => (untilUs ?? 0) <= nowUs && (fromUs ?? 0) < newestUs)
      .sort((a, b) => (a.fromUs ?? 0) - (b.fromUs ?? 0));
    for (const file of oldestFirst) {
      if (room >= floorBytes) return chosen;
      chosen.push(file);
      room += file.bytes;
    }
  }
  return chosen;
}
