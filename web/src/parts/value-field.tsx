import { sayActionValue } from '../command-words.ts';
import type { ActionDefinition } from '../control-wire.ts';
import { optionsOf } from '../definitions.ts';
import type { Problem } from '../problem.ts';
import { Choice } from './choice.tsx';
import { Field } from './field.tsx';

/** Asks for the value of an action in the way that fits its range; nothing for one without a value. */
export function ValueField(props: {
  action: ActionDefinition;
  value: string;
  onValue: (value: string) => void;
  label?: string;
  /** What the hub calls it when it finds fault with it. */
  name?: string;
  problem?: Problem | undefined;
}) {
  const { action, label = 'To', name = 'value', problem, ...rest } = props;
  const range = action.value;
  if (range === undefined || range.type === 'object') return null;
  const options = optionsOf(action);
  if (options.length > 0) {
    const choices = options.map((value) => [String(value), sayActionValue(value)] as const);
    return <Choice label={label} name={name} problem={problem} choices={choices} {...rest} />;
  }
  if (range.type === 'choice') {
    const choices = range.options.map((value) => [value, value] as const);
    return <Choice label={label} name={name} problem={problem} choices={choices} {...rest} />;
  }
  if (range.type === 'text' || range.type === 'boolean') {
    const input = range.type === 'text' ? { maxLength: range.max_length } : {};
    return <Field label={label} name={name} problem={problem} input={input} {...rest} />;
  }
  const { type, minimum, maximum, unit = '' } = range;
  return (
    <Field
      label={label}
      name={name}
      problem={problem}
      help={`From ${minimum} to ${sayActionValue(maximum, unit)}.`}
      input={{ type: 'number', min: minimum, max: maximum, step: type === 'integer' ? 1 : 'any' }}
      {...rest}
    />
  );
}
