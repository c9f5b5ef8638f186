import type { Route } from '../route.ts';
import { mayMakeTokens, useSession } from '../session.ts';
import { Tabs } from './tabs.tsx';

const pages = [
  { to: { page: 'log' }, words: 'Log' },
  { to: { page: 'tokens' }, words: 'Programs' },
  { to: { page: 'certificates' }, words: 'Certificates' },
] as const satisfies readonly { to: Route; words: string }[];

/** What there is about security; an administrator reads the log, the rest is the owner's. */
export function SecurityTabs({ here }: { here: Route['page'] }) {
  const { person } = useSession();
  if (!mayMakeTokens(person)) return null;
  return <Tabs label="Security" here={here} pages={pages} />;
}
