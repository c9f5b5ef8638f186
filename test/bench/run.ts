/** `npm run bench [-- --only NAME] [--seconds N] [--days N] [--json]`: what README claims, measured again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isMet, type Outcome } from './scenario.ts';
import { clients } from './scenarios/clients.ts';
import { commands } from './scenarios/commands.ts';
import { history } from './scenarios/history.ts';
import { latency } from './scenarios/latency.ts';
import { query } from './scenarios/query.ts';
import { signIn } from './scenarios/sign-in.ts';
import { throughput } from './scenarios/throughput.ts';
import { timers } from './scenarios/timers.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seconds: { type: 'string', default: '30' },
    days: { type: 'string', default: '365' },
    json: { type: 'boolean', default: false },
  },
});

const scenarios = [throughput, latency, clients, query, commands, timers, signIn, history].filter(
  ({ name }) => values.only === undefined || values.only === name,
);
const print = (line: string) => process.stdout.write(`${line}\n`);
const number = (value: number) => (value < 10 ? value.toFixed(2) : Math.round(value).toString());

print(`${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`);
const outcomes: Outcome[] = [];
for (const scenario of scenarios) {
  const directory = await mkdtemp(join(tmpdir(), 'hearth-bench-'));
  const outcome = await scenario.run({
    directory,
    seconds: Number(values.seconds),
    days: Number(values.days),
  });
  await rm(directory, { recursive: true, force: true });
  outcomes.push(outcome);
  print(`\n${outcome.title}`);
  for (const [name, value] of outcome.rows) print(`  ${name.padEnd(52)} ${value}`);
  for (const goal of outcome.goals) {
    const [name, measured, sense, limit] = goal;
    print(
      `  ${name.padEnd(52)} ${number(measured)} (${sense} ${limit}: ${isMet(goal) ? 'met' : 'MISSED'})`,
    );
  }
}
if (values.json) print(JSON.stringify(outcomes));
