import type { Problem } from '../problem.ts';
import { FieldFrame } from './field-frame.tsx';

export type Choices = readonly (readonly [value: string, words: string])[];

/** One of a list, by its label; in named groups where the list is of several kinds. */
export function Choice(props: {
  label: string;
  name: string;
  value: string;
  onValue: (value: string) => void;
  choices: Choices;
  groups?: readonly { readonly label: string; readonly choices: Choices }[];
  /** Whether the empty choice is none. */
  isRequired?: boolean;
  help?: string;
  problem?: Problem | undefined;
}) {
  const { label, name, help, problem, groups = [] } = props;
  return (
    <FieldFrame label={label} name={name} help={help} problem={problem}>
      {(links) => (
        <select
          {...links}
          required={props.isRequired}
          value={props.value}
          onChange={(event) => props.onValue(event.currentTarget.value)}
        >
          <Options choices={props.choices} />
          {groups.map(
            (group) =>
              group.choices.length > 0 && (
                <optgroup key={group.label} label={group.label}>
                  <Options choices={group.choices} />
                </optgroup>
              ),
          )}
        </select>
      )}
    </FieldFrame>
  );
}

const Options = ({ choices }: { choices: Choices }) => (
  <>
    {choices.map(([value, words]) => (
      <option key={value} value={value}>
        {words}
      </option>
    ))}
  </>
);
