/**
 * The moments at which a power cut would find the store half-way through something. Each is a line
 * in the code that does it, and a test that ends the process there.
 */
export const faultPoints = [
  'seal.begun',
  'seal.written',
  'seal.listed',
  'compaction.begun',
  'compaction.raw written',
  'compaction.rollups written',
  'compaction.listed',
  'compaction.removed',
  'retention.written',
  'retention.listed',
  'retention.removed',
  'erasure.noted',
  'erasure.sealed',
  'erasure.written',
  'erasure.listed',
  'erasure.done',
] as const;

export type FaultPoint = (typeof faultPoints)[number];

/** Says that a moment has come. In a hub nothing happens then. */
export type Reach = (point: FaultPoint) => void;

/** Ends the process at one of them, as a power cut would: for tests alone. */
export const reachFor =
  (dieAt: FaultPoint | undefined): Reach =>
  (point) => {
    if (point === dieAt) process.kill(process.pid, 'SIGKILL');
  };
