import { splitFragment } from './entry.ts';

/** Where in the dashboard one is. Kept in the fragment, so that any static server will do. */
export type Route =
  | { readonly page: 'home' }
  | { readonly page: 'add' }
  | { readonly page: 'let-join' }
  | { readonly page: 'known-keys' }
  | { readonly page: 'device'; readonly id: string }
  | { readonly page: 'schedules' }
  /** For a device, when one comes from its page. */
  | { readonly page: 'new-schedule'; readonly device?: string }
  | { readonly page: 'schedule'; readonly id: string }
  | { readonly page: 'people' }
  | { readonly page: 'invite' }
  | { readonly page: 'person'; readonly id: string }
  | { readonly page: 'history' }
  /** Of a device, when one comes from its page. */
  | { readonly page: 'history-export'; readonly device?: string }
  | { readonly page: 'history-delete'; readonly device?: string }
  | { readonly page: 'log' }
  | { readonly page: 'tokens' }
  | { readonly page: 'certificates' }
  /** With why linking an account at the provider came to nothing, when one comes back from there. */
  | { readonly page: 'account'; readonly problem?: string };

/** The pages that are told by their words alone. */
const plain: Readonly<Record<string, Route>> = {
  '#/add': { page: 'add' },
  '#/add/code': { page: 'let-join' },
  '#/add/keys': { page: 'known-keys' },
  '#/schedules': { page: 'schedules' },
  '#/schedules/new': { page: 'new-schedule' },
  '#/people': { page: 'people' },
  '#/people/invite': { page: 'invite' },
  '#/history': { page: 'history' },
  '#/history/export': { page: 'history-export' },
  '#/history/delete': { page: 'history-delete' },
  '#/security': { page: 'log' },
  '#/security/programs': { page: 'tokens' },
  '#/security/certificates': { page: 'certificates' },
};

/** Reads `#/devices/kitchen-plug`; whatever it does not know is home. */
export function parseRoute(fragment: string): Route {
  const { path, query } = splitFragment(fragment);
  const known = plain[`#${path.replace(/\/+$/, '')}`];
  if (known) return known;
  const [, first = '', second = '', third = ''] = path.split('/');
  const problem = query.get('problem') ?? undefined;
  if (first === 'account' || (first === 'sign-in' && problem !== undefined)) {
    return problem === undefined ? { page: 'account' } : { page: 'account', problem };
  }
  if (second === '') return { page: 'home' };
  if (first === 'devices') return { page: 'device', id: decode(second) };
  if (first === 'people') return { page: 'person', id: decode(second) };
  if (first === 'history' && (second === 'export' || second === 'delete')) {
    return { page: `history-${second}`, device: decode(third) };
  }
  if (first !== 'schedules') return { page: 'home' };
  return second === 'new'
    ? { page: 'new-schedule', device: decode(third) }
    : { page: 'schedule', id: decode(second) };
}

export function linkTo(route: Route): string {
  switch (route.page) {
    case 'home':
      return '#/';
    case 'device':
      return `#/devices/${encodeURIComponent(route.id)}`;
    case 'new-schedule':
      return route.device === undefined
        ? '#/schedules/new'
        : `#/schedules/new/${encodeURIComponent(route.device)}`;
    case 'history-export':
    case 'history-delete': {
      const path = linkOfPlain(route.page);
      return route.device === undefined ? path : `${path}/${encodeURIComponent(route.device)}`;
    }
    case 'schedule':
      return `#/schedules/${encodeURIComponent(route.id)}`;
    case 'person':
      return `#/people/${encodeURIComponent(route.id)}`;
    case 'account':
      return route.problem === undefined
        ? '#/account'
        : `#/account?${new URLSearchParams({ problem: route.problem })}`;
    default:
      return linkOfPlain(route.page);
  }
}

function linkOfPlain(page: Route['page']): string {
  const found = Object.entries(plain).find(([, route]) => route.page === page);
  return found?.[0] ?? '#/';
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
