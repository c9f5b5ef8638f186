import { useEffect } from 'preact/hooks';
import { control } from './control-api.ts';
import { useObservable } from './hooks.ts';
import type { Live } from './live.ts';

const mostCommands = 100;

/**
 * After each welcome asks for what a welcome does not tell: what was commanded lately, and what went
 * wrong. A hub that cannot say is no reason to show nothing: the live view goes on without it.
 */
export function useCatchUp(live: Live): void {
  const { welcomes } = useObservable(live.state);
  useEffect(() => {
    if (welcomes === 0) return;
    const catchUp = (caught: Parameters<Live['catchUp']>[0]) => {
      if (live.state.value.welcomes === welcomes) live.catchUp(caught);
    };
    control.lastCommands(mostCommands).then((commands) => catchUp({ commands }), ignore);
    control.alerts().then((alerts) => catchUp({ alerts }), ignore);
  }, [live, welcomes]);
}

/** As above for one device, whose page shows more of it. */
export function useDeviceCatchUp(live: Live, deviceId: string): void {
  const { welcomes } = useObservable(live.state);
  useEffect(() => {
    if (welcomes === 0) return;
    const catchUp = (caught: Parameters<Live['catchUp']>[0]) => {
      if (live.state.value.welcomes === welcomes) live.catchUp(caught);
    };
    control.commands(deviceId, 20).then((commands) => catchUp({ commands }), ignore);
    control
      .overrides(deviceId)
      .then(
        (list) => catchUp({ overrides: list.filter(({ status }) => status === 'active') }),
        ignore,
      );
  }, [live, deviceId, welcomes]);
}

const ignore = () => {};
