import type { Route } from '../route.ts';
import { Tabs } from './tabs.tsx';

const pages = [
  { to: { page: 'add' }, words: 'With files' },
  { to: { page: 'let-join' }, words: 'With a code' },
  { to: { page: 'known-keys' }, words: 'From a list' },
] as const satisfies readonly { to: Route; words: string }[];

/** The ways in which a device comes into the home. */
export const AddTabs = ({ here }: { here: Route['page'] }) => (
  <Tabs label="Ways to add devices" here={here} pages={pages} />
);
