export type { DueAction, DueQueueOptions } from './due.ts';
export { DueQueue } from './due.ts';
export type { DirectoryLock } from './lock.ts';
export { lockDirectory } from './lock.ts';
export type { Migration } from './migrate.ts';
export { migrate } from './migrate.ts';
export { migrations } from './migrations/index.ts';
export type { Db } from './open.ts';
export { openDatabase } from './open.ts';
