/** What a link that brought somebody here is for, whoever they are. */
export type Entry =
  | { readonly page: 'sign-in'; readonly problem: string | undefined }
  | { readonly page: 'join'; readonly invitation: string }
  | { readonly page: 'reset'; readonly code: string }
  | { readonly page: 'forgotten' };

/**
 * Reads `#/join?invitation=k7qm-2fxp`. A code stands in the fragment, which no browser sends: it is
 * in no log of the hub's.
 */
export function parseEntry(fragment: string): Entry {
  const { path, query } = splitFragment(fragment);
  if (path === '/join') return { page: 'join', invitation: query.get('invitation') ?? '' };
  if (path === '/reset') return { page: 'reset', code: query.get('code') ?? '' };
  if (path === '/forgotten') return { page: 'forgotten' };
  return { page: 'sign-in', problem: query.get('problem') ?? undefined };
}

export function splitFragment(fragment: string): { path: string; query: URLSearchParams } {
  const [path = '', query = ''] = fragment.replace(/^#/, '').split('?', 2);
  return { path, query: new URLSearchParams(query) };
}

/** Links that are handed to people: to be opened in any browser that reaches this page. */
export const joinLink = (page: { readonly origin: string }, code: string): string =>
  `${page.origin}/#/join?${new URLSearchParams({ invitation: code })}`;
export const resetLink = (page: { readonly origin: string }, code: string): string =>
  `${page.origin}/#/reset?${new URLSearchParams({ code })}`;
