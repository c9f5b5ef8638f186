export { run, runInProcess } from './run.ts';
export type { OpenedHub, OpenHub, Surroundings } from './surroundings.ts';
