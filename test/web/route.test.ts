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
    ['#/schedules', { page: 'schedules' }],
    ['#/schedules/new', { page: 'new-schedule' }],
    ['#/schedules/new/kitchen-plug', { page: 'new-schedule', device: 'kitchen-plug' }],
    ['#/schedules/01m7', { page: 'schedule', id: '01m7' }],
    ['#/devices/%', { page: 'device', id: '%' }],
  ])('reads %j', (fragment, route) => {
    expect(parseRoute(fragment)).toEqual(route);
  });

  it.each<Route>([
    { page: 'home' },
    { page: 'add' },
    { page: 'device', id: 'kitchen-plug' },
    { page: 'device', id: 'a/b #%ü' },
    { page: 'schedules' },
    { page: 'new-schedule' },
    { page: 'new-schedule', device: 'a/b' },
    { page: 'schedule', id: '01m7' },
  ])('finds the way back from its own link to %j', (route) => {
    expect(parseRoute(linkTo(route))).toEqual(route);
  });
});
