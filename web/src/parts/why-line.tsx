import { useEffect } from 'preact/hooks';
import { control } from '../control-api.ts';
import type { DeviceView } from '../device-view.ts';
import { useFresh, useObservable } from '../hooks.ts';
import { useSession } from '../session.ts';
import { nextStepWords, whyWords } from '../why-words.ts';

/** Why the device is as it should be, and what happens next; asked for anew after every change. */
export function WhyLine({ view }: { view: DeviceView }) {
  const { definition, device, commands, override, nowMs } = view;
  const { live } = useSession();
  const { changes, welcomes } = useObservable(live.state);
  const [command] = commands;
  const news = [
    welcomes,
    changes.schedule,
    changes.group,
    command?.id,
    command?.status,
    override?.id,
    override?.ends_at,
  ].join(' ');
  const [why] = useFresh(() => control.why(device.id), device.id, news);
  const told = why.state === 'loaded' ? why.value : undefined;
  useEffect(() => {
    // The hub knows which of a reading and a status came last; a page that has just opened does not.
    if (told) live.catchUp({ device: { id: told.device_id, state: told.reported } });
  }, [live, told]);
  if (told === undefined) return null;
  const next = nextStepWords(told);
  return (
    <div class="why">
      <p>
        <strong>Why:</strong> {whyWords(told, definition, nowMs)}
      </p>
      {next && (
        <p>
          <strong>Next:</strong> {next}
        </p>
      )}
    </div>
  );
}
