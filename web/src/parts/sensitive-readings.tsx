import { api } from '../api.ts';
import { useLoad } from '../hooks.ts';
import { sensitiveReadings } from '../sensitive.ts';
import { maySeeSensitive, useSession } from '../session.ts';
import type { Device } from '../wire.ts';

/** The metrics of a device that say much about people, with their values for those who may see them. */
export function SensitiveReadings({ device, names }: { device: Device; names: readonly string[] }) {
  const { person } = useSession();
  const maySee = maySeeSensitive(person);
  // The hub tells them live, but not at first. A device without any readings has no newest ones.
  const [loaded] = useLoad(
    () => (maySee ? api.latest(device.id).catch(() => undefined) : Promise.resolve(undefined)),
    `${device.id} ${names.join(' ')}`,
  );
  const given = loaded.state === 'loaded' ? loaded.value : undefined;
  return (
    <dl class="readings readings-wide">
      {sensitiveReadings(names, [device.latest, given], maySee).map(({ metric, label, words }) => (
        <div class="reading" key={metric}>
          <dt>{label} (sensitive)</dt>
          <dd class={maySee ? 'value' : 'quiet'} data-metric={metric}>
            {words}
          </dd>
        </div>
      ))}
    </dl>
  );
}
