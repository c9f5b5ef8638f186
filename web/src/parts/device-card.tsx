import { valuesOf } from '../metrics.ts';
import { linkTo } from '../route.ts';
import { useSession } from '../session.ts';
import type { Device } from '../wire.ts';
import { CardSwitch } from './card-switch.tsx';
import { DeviceIcon } from './device-icon.tsx';
import { LastSeen } from './last-seen.tsx';
import { Presence } from './presence.tsx';
import { Reading } from './reading.tsx';
import { refusals, Warning } from './warning.tsx';

/** How many values a card shows: the first large, the others beside it. */
const shownValues = 4;

/** A device at a glance. The whole card leads to its page; its name is the link. */
export function DeviceCard({ device, nowMs }: { device: Device; nowMs: number }) {
  const { definitionOf } = useSession();
  const power = definitionOf(device.type)?.power?.property;
  // The switch says it already.
  const values = valuesOf(device.latest).filter(([metric]) => metric !== power);
  const there = device.status === 'online';
  return (
    <article class={there ? 'card device-card' : 'card device-card device-card-away'}>
      <header class="device-card-head">
        <DeviceIcon type={device.type} />
        <div>
          <h3>
            <a href={linkTo({ page: 'device', id: device.id })}>{device.name}</a>
          </h3>
          <Presence device={device} />
        </div>
      </header>
      {values.length > 0 ? (
        <dl class="readings">
          {values.slice(0, shownValues).map(([metric, value], index) => (
            <Reading key={metric} metric={metric} value={value} large={index === 0} />
          ))}
        </dl>
      ) : (
        device.latest === null && <p class="quiet">No readings yet.</p>
      )}
      <CardSwitch device={device} />
      {device.denied !== undefined && device.denied > 0 && (
        <Warning>{refusals(device.denied)}</Warning>
      )}
      <p class="device-card-foot">
        <LastSeen at={device.last_seen} nowMs={nowMs} />
      </p>
    </article>
  );
}
