import { control } from './control-api.ts';
import type { Schedule } from './control-wire.ts';
import { type Loaded, useFresh, useObservable } from './hooks.ts';
import type { Targets } from './schedule-targets.ts';
import { useSession } from './session.ts';

/** Every schedule, kept up to date. */
export function useSchedules(): Loaded<Schedule[]> {
  const { live } = useSession();
  const { changes, welcomes } = useObservable(live.state);
  return useFresh(control.schedules, 'schedules', `${welcomes} ${changes.schedule}`)[0];
}

/** What schedules can be for, kept up to date. */
export function useTargets(): Targets {
  const { live, definitionOf } = useSession();
  const { changes, devices, welcomes } = useObservable(live.state);
  const [groups] = useFresh(control.groups, 'groups', `${welcomes} ${changes.group}`);
  return {
    devices,
    groups: groups.state === 'loaded' ? groups.value : [],
    isKnown: groups.state !== 'loading' && definitionOf('generic') !== undefined,
    definitionOf,
  };
}
