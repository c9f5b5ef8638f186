import { z } from '@hono/zod-openapi';

/** Types of devices as they cross the wire. What one part says of another is `checkDefinition`'s. */

const word = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, 'is not a name of letters, digits and "_"');
const line = (longest: number) =>
  z
    .string()
    .trim()
    .max(longest)
    .regex(/^[^\p{Cc}]*$/u, 'has control characters');
const label = line(100).min(1);
const scalar = z.union([z.number(), z.boolean(), z.string().max(256)]);
const unit = line(16);

const numbers = (type: 'integer' | 'number') =>
  z.strictObject({
    type: z.literal(type),
    minimum: type === 'integer' ? z.number().int() : z.number(),
    maximum: type === 'integer' ? z.number().int() : z.number(),
    unit: unit.optional(),
  });

const valueRange = z
  .discriminatedUnion('type', [
    numbers('integer'),
    numbers('number'),
    z.strictObject({ type: z.literal('boolean') }),
    z.strictObject({
      type: z.literal('choice'),
      options: z.array(line(64).min(1)).min(1).max(64).readonly(),
    }),
    z.strictObject({ type: z.literal('text'), max_length: z.number().int().min(1).max(256) }),
    z.strictObject({ type: z.literal('object') }),
  ])
  .openapi('ValueRange');

const effect = z
  .union([
    scalar,
    z.strictObject({ from: z.literal('value') }),
    z.strictObject({ above_zero: z.literal('value') }),
  ])
  .openapi('Effect', {
    description: 'A plain value, the action’s own value, or whether that is above zero.',
  });

const action = z
  .strictObject({
    name: word.openapi({ example: 'setFanSpeed' }),
    label,
    value: valueRange.optional().openapi({ description: 'Left out for an action without a value' }),
    sets: z
      .record(word, effect)
      .optional()
      .openapi({ description: 'Properties that are so once the action is done' }),
    toggles: word
      .optional()
      .openapi({ description: 'A property that is turned over; resolved before it is sent' }),
  })
  .openapi('ActionDefinition');

const metric = z
  .strictObject({
    name: word,
    label,
    unit,
    sensitive: z
      .boolean()
      .optional()
      .openapi({ description: 'Kept encrypted, and shown to those alone who may see it' }),
  })
  .openapi('MetricDefinition');

const power = z
  .strictObject({ property: word, on: word, off: word })
  .openapi({ description: 'The property that says whether it is on, and what makes it so' });

const retry = z.strictObject({
  attempts: z.number().int().min(1).max(10),
  interval_seconds: z.number().int().min(1).max(3600),
});

/** The word that stands in a device's `type`. */
export const typeWord = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,39}$/, 'is not a word of small letters, digits, "_" and "-"');

const content = {
  label,
  actions: z.array(action).max(64).readonly(),
  metrics: z.array(metric).max(128).readonly(),
  power: power.optional(),
  retry,
};

const typeContent = z.strictObject({
  ...content,
  metrics: content.metrics.default([]),
  retry: retry.default({ attempts: 3, interval_seconds: 30 }),
  // What was read may be sent back changed.
  built_in: z.literal(false).optional(),
});

export const newDeviceType = typeContent
  .extend({ type: typeWord.openapi({ example: 'heater' }) })
  .openapi('NewDeviceType');
export type NewDeviceType = z.infer<typeof newDeviceType>;

export const deviceTypeChange = typeContent
  .extend({ type: typeWord.optional() })
  .openapi('DeviceTypeChange');
export type DeviceTypeChange = z.infer<typeof deviceTypeChange>;

export const deviceType = z
  .object({ type: z.string(), ...content, built_in: z.boolean() })
  .openapi('DeviceType');

export const typeParam = z.object({
  type: z
    .string()
    .min(1)
    .max(64)
    .openapi({ param: { name: 'type', in: 'path' }, example: 'purifier' }),
});
