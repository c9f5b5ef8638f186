import { shipped } from '../../src/devices/definitions/shipped.ts';
import type { Command, TypeDefinition } from '../../web/src/control-wire.ts';

/** A type that comes with the hub, as its own JSON says it. */
export function typeOf(word: string): TypeDefinition {
  const found = shipped.find(({ type }) => type === word);
  if (!found) throw new Error(`there is no type ${word}`);
  return JSON.parse(JSON.stringify(found)) as TypeDefinition;
}

/** A type with an action for every kind of value. */
export const stove: TypeDefinition = {
  type: 'stove',
  label: 'Stove',
  actions: [
    { name: 'light', label: 'Light', sets: { burning: true } },
    { name: 'put_out', label: 'Put out', sets: { burning: false } },
    {
      name: 'setMode',
      label: 'Set mode',
      value: { type: 'choice', options: ['eco', 'boost'] },
      sets: { mode: { from: 'value' } },
    },
    {
      name: 'setTarget',
      label: 'Set target',
      value: { type: 'number', minimum: 5, maximum: 30, unit: '°C' },
      sets: { target: { from: 'value' } },
    },
    { name: 'show', label: 'Show a text', value: { type: 'text', max_length: 40 } },
    { name: 'childLock', label: 'Child lock', value: { type: 'boolean' } },
    { name: 'beep', label: 'Beep' },
    { name: 'setConfig', label: 'Change settings', value: { type: 'object' } },
  ],
  retry: { attempts: 3, interval_seconds: 30 },
};

export const command = (more: Partial<Command> = {}): Command => ({
  id: 'c1',
  device_id: 'purifier',
  action: 'turnOn',
  value: null,
  status: 'sent',
  attempts: 1,
  created_at: '2026-01-05T10:00:00Z',
  expires_at: '2026-01-05T10:01:30Z',
  sent_at: '2026-01-05T10:00:00Z',
  delivered_at: null,
  acknowledged_at: null,
  confirmed_at: null,
  error: null,
  source: 'manual',
  requested_by: 'person:Ada',
  batch_id: null,
  ...more,
});
