import { useId } from 'preact/hooks';

const types: readonly (readonly [type: string, words: string])[] = [
  ['plug', 'Smart plug'],
  ['purifier', 'Air purifier'],
  ['sensor', 'Sensor'],
  ['switch', 'Switch or light'],
  ['lock', 'Lock'],
  ['reader', 'Card reader'],
  ['camera', 'Camera'],
  ['generic', 'Something else'],
];

/** What a type is called: `plug` → `Smart plug`; one of a device's own keeps its word. */
export const typeWords = (type: string): string =>
  types.find(([known]) => known === type)?.[1] ?? type.replaceAll(/[_-]/g, ' ');

export function TypeChoice(props: { value: string; onValue: (type: string) => void }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>What is it?</label>
      <select
        id={id}
        name="type"
        value={props.value}
        onChange={(event) => props.onValue(event.currentTarget.value)}
      >
        {types.map(([type, words]) => (
          <option key={type} value={type}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
}
