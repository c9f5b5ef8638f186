import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Where bin/hearth keeps stripped types too: a storage worker then seldom strips any itself, which
// is quicker, and keeps V8's WebAssembly out of threads that come and go. See docs/decisions/0006.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/hearth');

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Most of them wait for a disk or a socket most of the time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // As bin/hearth does, and why: docs/decisions/0006.
    execArgv: [
      '--wasm-wrapper-tiering-budget=1000000000',
      ...(process.arch === 'x64' ? ['--no-memory-protection-keys'] : []),
    ],
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
