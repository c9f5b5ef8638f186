import { expect, it } from 'vitest';
import { temporaryDirectory } from '../support/directory.ts';
import { killAndCompare } from './killing.ts';

const rounds = Number(process.env.HEARTH_FAULT_ROUNDS ?? 3);

it(`keeps every acknowledged reading exactly once through ${rounds} kills at random moments`, {
  timeout: 20_000 + rounds * 20_000,
}, async () => {
  const report = await killAndCompare(await temporaryDirectory(), rounds, Math.random);
  expect(report.broken).toEqual([]);
  expect(report.acknowledged).toBeGreaterThan(0);
});
