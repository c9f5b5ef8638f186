/**
 * How finely history is kept. What arrives is sealed in small files as it comes; compaction turns
 * those into one file of raw readings for each day, and sums each day up three times over.
 */
export const rollupTiers = ['1m', '1h', '1d'] as const;
export type RollupTier = (typeof rollupTiers)[number];

/** What is kept for good, from the finest to the coarsest. */
export const tiers = ['raw', ...rollupTiers] as const;
export type Tier = (typeof tiers)[number];

/** A file as sealing left it is no tier yet: compaction takes it apart. */
export type FileTier = Tier | 'sealed';

/** How long a bucket of a tier lasts; a day's is that of the home's calendar, 23 to 25 hours. */
export const tierIntervalUs: Readonly<Record<RollupTier, number>> = {
  '1m': 60e6,
  '1h': 3600e6,
  '1d': 86_400e6,
};
