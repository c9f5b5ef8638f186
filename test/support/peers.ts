import { spawnSync } from 'node:child_process';
import { it } from 'vitest';

const present = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/**
 * `it` for a test that speaks to another program. Where the program is missing the test is skipped
 * and says so; in CI (`HEARTH_TEST_PEERS=required`) a missing one is a failure.
 */
export function itWith(...programs: readonly string[]) {
  const missing = programs.filter((program) => !present(program));
  if (missing.length === 0) return it;
  if (process.env.HEARTH_TEST_PEERS === 'required') {
    return (name: string, _test?: unknown) =>
      it(name, () => {
        throw new Error(`${missing.join(', ')} must be installed here`);
      });
  }
  return (name: string, _test?: unknown) =>
    it.skip(`${name} (skipped: ${missing.join(', ')} not installed)`, () => {});
}
