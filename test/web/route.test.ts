import { describe, expect, it } from 'vitest';
import { linkTo, parseRoute, type Route } from '../../web/src/route.ts';

describe('where one is', () => {
  it.each<[string, Route]>([
    ['', { page: 'home' }],
    ['#/', { page: 'home' }],
    ['#/nowhere', { page: 'home' }],
    ['#/devices', { page: 'home' }],
    ['#/add', { page: 'add' }],
    ['#/devices/kitchen-plug', { page: 'device', id: 'kitchen-plug' }],
    ['#/devices/%', { page: 'device', id: '%' }],
  ])('reads %j', (fragment, route) => {
    expect(parseRoute(fragment)).toEqual(route);
  });

  it.each<Route>([
    { page: 'home' },
    { page: 'add' },
    { page: 'device', id: 'kitchen-plug' },
    { page: 'device', id: 'a/b #%ü' },
  ])('finds the way back from its own link to %j', (route) => {
    expect(parseRoute(linkTo(route))).toEqual(route);
  });
});
