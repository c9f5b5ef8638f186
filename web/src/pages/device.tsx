import { useDeviceCatchUp } from '../catch-up.ts';
import { useDeviceView } from '../device-view.ts';
import { useObservable } from '../hooks.ts';
import { valuesOf } from '../metrics.ts';
import { BackHome } from '../parts/back-link.tsx';
import { CommandsCard } from '../parts/commands-card.tsx';
import { ControlCard } from '../parts/control-card.tsx';
import { DenialsCard } from '../parts/denials-card.tsx';
import { DetailsCard } from '../parts/details-card.tsx';
import { DeviceSchedules } from '../parts/device-schedules.tsx';
import { HistoryCard } from '../parts/history-card.tsx';
import { LastSeen } from '../parts/last-seen.tsx';
import { OverrideCard } from '../parts/override-card.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Presence } from '../parts/presence.tsx';
import { Reading } from '../parts/reading.tsx';
import { SensitiveReadings } from '../parts/sensitive-readings.tsx';
import { TodayCard } from '../parts/today-card.tsx';
import { isDrawable } from '../quantity.ts';
import { useSession } from '../session.ts';
import type { Device } from '../wire.ts';

/** One device: its values now, what it can be told, their history, and what is known of it. */
export function DevicePage({ id }: { id: string }) {
  const { live } = useSession();
  const { devices, welcomed } = useObservable(live.state);
  const device = devices.get(id);
  if (device) return <KnownDevice device={device} />;
  return (
    <PageHead title={welcomed ? 'No such device' : 'Device'} above={<BackHome />}>
      <p class="quiet">
        {welcomed ? `There is no device “${id}” in this home.` : 'Asking the hub…'}
      </p>
    </PageHead>
  );
}

function KnownDevice({ device }: { device: Device }) {
  const { live } = useSession();
  const { id } = device;
  const view = useDeviceView(device);
  useDeviceCatchUp(live, id);
  const { nowMs, state } = view;
  // What it said of itself since may be newer than a reading.
  const values = valuesOf(device.latest).map(
    ([metric, value]) => [metric, state[metric] ?? value] as const,
  );
  const { sensitive = [] } = device;
  const open = values.filter(([metric]) => !sensitive.includes(metric));
  const numbers = values.filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  const drawable = values.filter((entry): entry is [string, number | boolean] =>
    isDrawable(entry[1]),
  );
  return (
    <>
      <PageHead title={device.name} above={<BackHome />}>
        <p class="page-facts">
          <Presence device={device} /> <LastSeen at={device.last_seen} nowMs={nowMs} />
        </p>
      </PageHead>
      <div class="device-page">
        <section class="card now" aria-labelledby="now">
          <h2 id="now">Now</h2>
          {open.length === 0 && sensitive.length === 0 && (
            <p class="quiet">No readings yet. They appear here the moment the device sends some.</p>
          )}
          <dl class="readings readings-wide">
            {open.map(([metric, value], index) => (
              <Reading key={metric} metric={metric} value={value} large={index === 0} />
            ))}
          </dl>
          {sensitive.length > 0 && <SensitiveReadings device={device} names={sensitive} />}
        </section>
        <div class="device-columns">
          <ControlCard view={view} />
          <OverrideCard view={view} />
        </div>
        <div class="device-columns">
          <div class="device-column">
            {drawable.length > 0 && <HistoryCard deviceId={id} values={drawable} />}
            {numbers.length > 0 && (
              <TodayCard deviceId={id} metrics={numbers.map(([metric]) => metric)} />
            )}
          </div>
          <div class="device-column">
            {(device.denied ?? 0) > 0 && <DenialsCard device={device} nowMs={nowMs} />}
            <DeviceSchedules view={view} />
            <CommandsCard view={view} />
            <DetailsCard device={device} />
          </div>
        </div>
      </div>
    </>
  );
}
