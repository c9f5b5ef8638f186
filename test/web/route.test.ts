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
    ['#/add/code', { page: 'let-join' }],
    ['#/add/keys', { page: 'known-keys' }],
    ['#/history', { page: 'history' }],
    ['#/history/export', { page: 'history-export' }],
    ['#/history/export/kettle', { page: 'history-export', device: 'kettle' }],
    ['#/history/delete/', { page: 'history-delete' }],
    ['#/history/else', { page: 'home' }],
    ['#/people', { page: 'people' }],
    ['#/people/invite', { page: 'invite' }],
    ['#/people/01m7', { page: 'person', id: '01m7' }],
    ['#/security/', { page: 'log' }],
    ['#/security/programs', { page: 'tokens' }],
    ['#/security/certificates', { page: 'certificates' }],
    ['#/security/else', { page: 'home' }],
    ['#/account?linked=oidc', { page: 'account' }],
    ['#/sign-in?problem=linked_already', { page: 'account', problem: 'linked_already' }],
    ['#/sign-in', { page: 'home' }],
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
    { page: 'let-join' },
    { page: 'known-keys' },
    { page: 'history' },
    { page: 'history-export' },
    { page: 'history-export', device: 'a/b' },
    { page: 'history-delete', device: 'kettle' },
    { page: 'people' },
    { page: 'invite' },
    { page: 'person', id: 'a/b' },
    { page: 'log' },
    { page: 'tokens' },
    { page: 'certificates' },
    { page: 'account' },
    { page: 'account', problem: 'a&b' },
  ])('finds the way back from its own link to %j', (route) => {
    expect(parseRoute(linkTo(route))).toEqual(route);
  });
});
