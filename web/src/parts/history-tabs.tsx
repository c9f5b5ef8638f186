import type { Route } from '../route.ts';
import { Tabs } from './tabs.tsx';

const pages = [
  { to: { page: 'history' }, words: 'What is kept' },
  { to: { page: 'history-export' }, words: 'Export' },
  { to: { page: 'history-delete' }, words: 'Delete' },
] as const satisfies readonly { to: Route; words: string }[];

/** What there is to do with history. */
export const HistoryTabs = ({ here }: { here: Route['page'] }) => (
  <Tabs label="History" here={here} pages={pages} />
);
