import { useId } from 'preact/hooks';
import { type Problem, sentence } from '../problem.ts';
import type { Choices } from './choice.tsx';

/** Any of a list, each a box to tick. */
export function Checks(props: {
  legend: string;
  name: string;
  choices: Choices;
  value: readonly string[];
  onValue: (value: readonly string[]) => void;
  problem?: Problem | undefined;
}) {
  const { value, onValue, problem } = props;
  const id = useId();
  const atFault = problem?.field === props.name ? problem : undefined;
  const turn = (one: string) =>
    onValue(value.includes(one) ? value.filter((other) => other !== one) : [...value, one]);
  return (
    <fieldset class="segments" aria-describedby={atFault && id}>
      <legend class="legend">{props.legend}</legend>
      <div class="checks">
        {props.choices.map(([one, words]) => (
          <label key={one}>
            <input type="checkbox" checked={value.includes(one)} onChange={() => turn(one)} />
            <span>{words}</span>
          </label>
        ))}
      </div>
      {atFault && (
        <p class="fault" id={id} role="alert">
          {sentence(atFault.message)}
        </p>
      )}
    </fieldset>
  );
}
