import { Choice } from './choice.tsx';

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

export const TypeChoice = (props: { value: string; onValue: (type: string) => void }) => (
  <Choice label="What is it?" name="type" {...props} choices={types} />
);
