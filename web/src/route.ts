/** Where in the dashboard one is. Kept in the fragment, so that any static server will do. */
export type Route =
  | { readonly page: 'home' }
  | { readonly page: 'add' }
  | { readonly page: 'device'; readonly id: string };

/** Reads `#/devices/kitchen-plug`; whatever it does not know is home. */
export function parseRoute(fragment: string): Route {
  const [, first = '', second = ''] = fragment.replace(/^#/, '').split('/');
  if (first === 'add') return { page: 'add' };
  if (first === 'devices' && second !== '') return { page: 'device', id: decode(second) };
  return { page: 'home' };
}

export function linkTo(route: Route): string {
  if (route.page === 'add') return '#/add';
  if (route.page === 'device') return `#/devices/${encodeURIComponent(route.id)}`;
  return '#/';
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
