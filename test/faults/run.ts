/** `npm run test:faults [-- --rounds N]`: the fault tests alone, with as many kills as you have time for. */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } });
const { status } = spawnSync('vitest', ['run', 'test/faults'], {
  stdio: 'inherit',
  env: { ...process.env, HEARTH_FAULT_ROUNDS: values.rounds },
});
process.exit(status ?? 1);
