import { alertWords } from '../alert-words.ts';
import { useObservable } from '../hooks.ts';
import { linkTo } from '../route.ts';
import { mayKeepHistory, useSession } from '../session.ts';
import { timeAgo } from '../time.ts';

const dayMs = 86_400_000;
const mostShown = 5;
const aboutHistory: readonly string[] = ['disk_low', 'history_shortened'];

/** What went wrong in the last 24 hours; nothing when nothing did. */
export function AlertsCard({ nowMs }: { nowMs: number }) {
  const { live, person, definitionOf } = useSession();
  const { alerts, devices } = useObservable(live.state);
  const recent = alerts.filter(({ last_at: at }) => nowMs - Date.parse(at) < dayMs);
  if (recent.length === 0) return null;
  return (
    <section class="card alerts" aria-labelledby="alerts">
      <h2 id="alerts">Needs a look</h2>
      <ul class="rows">
        {recent.slice(0, mostShown).map((alert) => {
          const { id, kind, count, last_at: at, device_id } = alert;
          const device = device_id === null ? undefined : devices.get(device_id);
          return (
            <li key={id} class="row">
              <p>
                {device && (
                  <>
                    <a href={linkTo({ page: 'device', id: device.id })}>{device.name}</a>:{' '}
                  </>
                )}
                {alertWords(alert, device && definitionOf(device.type))}
              </p>
              <p class="quiet">
                <time dateTime={at}>{timeAgo(Date.parse(at), nowMs)}</time>
                {count > 1 && `, ${count} times`}
                {aboutHistory.includes(kind) && mayKeepHistory(person) && (
                  <>
                    {', '}
                    <a href={linkTo({ page: 'history' })}>what is kept</a>
                  </>
                )}
              </p>
            </li>
          );
        })}
      </ul>
      {recent.length > mostShown && (
        <p class="quiet">And {recent.length - mostShown} more in the last 24 hours.</p>
      )}
    </section>
  );
}
