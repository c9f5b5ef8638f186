import { useNow, useObservable } from '../hooks.ts';
import { sayValue } from '../metrics.ts';
import { AlertsCard } from '../parts/alerts-card.tsx';
import { DeviceCard } from '../parts/device-card.tsx';
import { FirstDevice } from '../parts/first-device.tsx';
import { HomeActions } from '../parts/home-actions.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { ScenesStrip } from '../parts/scenes-strip.tsx';
import { groupByRoom, powerNow, type RoomGroup } from '../rooms.ts';
import { mayChangeDevices, useSession } from '../session.ts';
import type { Device } from '../wire.ts';

/** Home: every device of the house, room by room. */
export function DevicesPage() {
  const { live, rooms, person } = useSession();
  const { devices, home, welcomed, clockOffsetMs, controls } = useObservable(live.state);
  const nowMs = useNow(10_000) + clockOffsetMs;
  const all = [...devices.values()];
  const mayChange = mayChangeDevices(person);
  return (
    <>
      <PageHead title={home || 'Home'}>
        {welcomed && all.length > 0 && <AtAGlance devices={all} />}
      </PageHead>
      {!welcomed && <p class="quiet">Asking the hub for your devices…</p>}
      {welcomed && all.length === 0 && controls === null && <FirstDevice mayAdd={mayChange} />}
      {welcomed && all.length === 0 && controls !== null && (
        <p class="quiet">
          Nothing is shared with you at the moment. When somebody does, it appears here by itself.
        </p>
      )}
      <AlertsCard nowMs={nowMs} />
      <ScenesStrip />
      <div class="rooms">
        {groupByRoom(all, rooms).map((room) => (
          <RoomSection key={room.id} room={room} nowMs={nowMs} />
        ))}
      </div>
      {welcomed && mayChange && all.length > 0 && <HomeActions />}
    </>
  );
}

/** A room takes as many columns as it has devices, so that small rooms share a row. */
function RoomSection({ room, nowMs }: { room: RoomGroup; nowMs: number }) {
  const columns = Math.min(room.devices.length, 3);
  return (
    <section class={`room room-${columns}`} aria-labelledby={`room-${room.id}`}>
      <h2 id={`room-${room.id}`}>{room.name}</h2>
      <div class="cards">
        {room.devices.map((device) => (
          <DeviceCard key={device.id} device={device} nowMs={nowMs} />
        ))}
      </div>
    </section>
  );
}

function AtAGlance({ devices }: { devices: readonly Device[] }) {
  const online = devices.filter((device) => device.status === 'online').length;
  const power = powerNow(devices);
  const refused = devices.filter((device) => (device.denied ?? 0) > 0).length;
  return (
    <ul class="glance">
      <li>
        <strong>{howMany(online, devices.length)}</strong>{' '}
        {devices.length === 1 ? 'device' : 'devices'} online
      </li>
      {power !== undefined && (
        <li>
          Using <strong>{sayValue('power', power)}</strong> now
        </li>
      )}
      {refused > 0 && (
        <li>
          <strong>{refused}</strong> {refused === 1 ? 'device needs' : 'devices need'} a look
        </li>
      )}
    </ul>
  );
}

function howMany(online: number, all: number): string {
  if (online < all) return `${online} of ${all}`;
  return all === 1 ? '1' : 'All';
}
