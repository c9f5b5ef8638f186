import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // As bin/hearth does, and why: docs/decisions/0006.
    execArgv: process.arch === 'x64' ? ['--no-memory-protection-keys'] : [],
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
