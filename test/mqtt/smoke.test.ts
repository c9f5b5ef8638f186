import { connectAsync } from 'mqtt';
import { expect, it } from 'vitest';
import { startBroker } from './harness.ts';

it('carries messages', async () => {
  const { port, broker } = await startBroker();
  const a = await connectAsync(`mqtt://127.0.0.1:${port}`, { clientId: 'a', clean: false });
  const b = await connectAsync(`mqtt://127.0.0.1:${port}`);
  const got: string[] = [];
  const all = new Promise<void>((r) =>
    a.on('message', (t, p) => {
      got.push(`${t}=${p}`);
      if (got.length === 3) r();
    }),
  );
  console.log(
    await a.subscribeAsync({ 'x/#': { qos: 2 }, '$hearth/x': { qos: 0 } }).catch((e) => e.message),
  );
  await b.publishAsync('x/0', '0', { qos: 0 });
  await b.publishAsync('x/1', '1', { qos: 1 });
  await b.publishAsync('x/2', '2', { qos: 2 });
  await all;
  expect(got).toEqual(['x/0=0', 'x/1=1', 'x/2=2']);
  await a.endAsync();
  await b.endAsync();
});
