/** What docs/devices.md shows as a type is one. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { newDeviceType } from '../../src/devices/definitions/schema.ts';
import { openHome } from './home.ts';

it('the type in docs/devices.md can be added as it stands', async () => {
  const page = await readFile(new URL('../../docs/devices.md', import.meta.url), 'utf8');
  const block = /```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const { devices } = await openHome();
  const added = devices.definitions.add(newDeviceType.parse(JSON.parse(block)), 'local');
  expect(added).toMatchObject({ type: 'heater', built_in: false });
});
