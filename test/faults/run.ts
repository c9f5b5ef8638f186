/** `npm run test:faults [-- --rounds N]`: the fault tests alone, with as many kills and cases as you have time for. */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } });
/** Kills and full disks, and the properties that history must have whatever happens. */
const looked = ['test/faults', 'compaction.property', 'planner-equality'];

const { status } = spawnSync('vitest', ['run', ...looked], {
  stdio: 'inherit',
  env: { ...process.env, HEARTH_FAULT_ROUNDS: values.rounds },
});
process.exit(status ?? 1);
