import { controlsOf } from '../definitions.ts';
import type { DeviceView } from '../device-view.ts';
import { linkTo } from '../route.ts';
import { doesWords, nextWords, ownName, whenWords } from '../schedule-words.ts';
import { useSchedules, useTargets } from '../schedules.ts';
import { mayChangeSchedules, useSession } from '../session.ts';

/** The schedules that are for this device, its groups' included; nothing for one without controls. */
export function DeviceSchedules({ view }: { view: DeviceView }) {
  const { definition, device, nowMs } = view;
  const { person } = useSession();
  const may = mayChangeSchedules(person) && view.mayControl;
  const schedules = useSchedules();
  const { groups } = useTargets();
  if (definition === undefined || controlsOf(definition).length === 0) return null;
  const own = (schedules.state === 'loaded' ? schedules.value : []).filter(
    ({ device_id, group_id }) =>
      device_id === device.id ||
      groups.some(({ id, devices }) => id === group_id && devices.includes(device.id)),
  );
  if (own.length === 0 && !may) return null;
  return (
    <section class="card" aria-labelledby="device-schedules">
      <h2 id="device-schedules">Schedules</h2>
      {own.length === 0 && <p class="quiet">None yet.</p>}
      {own.length > 0 && (
        <ul class="rows">
          {own.map((schedule) => (
            <li key={schedule.id} class="row">
              <p>
                {ownName(schedule) && <strong>{ownName(schedule)}: </strong>}
                {whenWords(schedule)} → {doesWords(schedule, definition)}
              </p>
              <p class="quiet">{nextWords(schedule, definition, nowMs)}</p>
            </li>
          ))}
        </ul>
      )}
      <div class="buttons">
        {may && (
          <a class="button" href={linkTo({ page: 'new-schedule', device: device.id })}>
            Add a schedule
          </a>
        )}
        {own.length > 0 && (
          <a class="button" href={linkTo({ page: 'schedules' })}>
            See all
          </a>
        )}
      </div>
    </section>
  );
}
