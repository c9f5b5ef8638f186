/**
 * A hub in a process of its own whose clock its parent moves: `advance MS` and `step MS` as lines on
 * standard input, each answered by `ok`. Its settings come from the environment; the first argument
 * is what time it believes it is, in milliseconds since 1970.
 */
import { createInterface } from 'node:readline';
import { loadConfig } from '#config';
import { createLog } from '#kernel';
import { openHub } from '#main';
import { RunningClock } from './running-clock.ts';

const clock = new RunningClock(Number(process.argv[2]));
const config = loadConfig();
const hub = await openHub({
  config,
  clock,
  log: await createLog({ level: 'warn', pretty: false }),
});
process.stdout.write('Hearth is up\n');
process.once('SIGTERM', () => void hub.stop().then(() => process.exit(0)));

for await (const line of createInterface(process.stdin)) {
  const [order, amount] = line.split(' ');
  if (order === 'advance') await clock.pass(Number(amount));
  else if (order === 'step') clock.step(Number(amount));
  process.stdout.write('ok\n');
}
