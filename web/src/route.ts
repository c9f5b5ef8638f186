/** Where in the dashboard one is. Kept in the fragment, so that any static server will do. */
export type Route =
  | { readonly page: 'home' }
  | { readonly page: 'add' }
  | { readonly page: 'device'; readonly id: string }
  | { readonly page: 'schedules' }
  /** For a device, when one comes from its page. */
  | { readonly page: 'new-schedule'; readonly device?: string }
  | { readonly page: 'schedule'; readonly id: string };

/** Reads `#/devices/kitchen-plug`; whatever it does not know is home. */
export function parseRoute(fragment: string): Route {
  const [, first = '', second = '', third = ''] = fragment.replace(/^#/, '').split('/');
  if (first === 'add') return { page: 'add' };
  if (first === 'devices' && second !== '') return { page: 'device', id: decode(second) };
  if (first === 'schedules') {
    if (second === '') return { page: 'schedules' };
    if (second !== 'new') return { page: 'schedule', id: decode(second) };
    return third === ''
      ? { page: 'new-schedule' }
      : { page: 'new-schedule', device: decode(third) };
  }
  return { page: 'home' };
}

export function linkTo(route: Route): string {
  switch (route.page) {
    case 'home':
      return '#/';
    case 'add':
      return '#/add';
    case 'device':
      return `#/devices/${encodeURIComponent(route.id)}`;
    case 'schedules':
      return '#/schedules';
    case 'new-schedule':
      return route.device === undefined
        ? '#/schedules/new'
        : `#/schedules/new/${encodeURIComponent(route.device)}`;
    case 'schedule':
      return `#/schedules/${encodeURIComponent(route.id)}`;
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
