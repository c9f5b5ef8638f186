import { useId } from 'preact/hooks';

/** A few choices beside each other: radio buttons that look like one switch. */
export function Segments<Key extends string>(props: {
  legend: string;
  isLegendShown?: boolean;
  choices: readonly (readonly [key: Key, words: string])[];
  value: Key;
  onValue: (key: Key) => void;
}) {
  const name = useId();
  return (
    <fieldset class="segments">
      <legend class={props.isLegendShown ? 'legend' : 'visually-hidden'}>{props.legend}</legend>
      <div class="range-choice">
        {props.choices.map(([key, words]) => (
          <label key={key}>
            <input
              type="radio"
              name={name}
              value={key}
              checked={key === props.value}
              onChange={() => props.onValue(key)}
            />
            <span>{words}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
