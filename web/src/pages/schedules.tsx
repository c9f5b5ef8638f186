import { useNow, useObservable } from '../hooks.ts';
import { PageHead } from '../parts/page-head.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { ScheduleRow } from '../parts/schedule-row.tsx';
import { linkTo } from '../route.ts';
import { byTarget, targetDefinition } from '../schedule-targets.ts';
import { useSchedules, useTargets } from '../schedules.ts';
import { mayChangeSchedules, useSession } from '../session.ts';

/** Every schedule of the home, by what it is for. */
export function SchedulesPage() {
  const { live, person } = useSession();
  const { clockOffsetMs, welcomed } = useObservable(live.state);
  const nowMs = useNow(10_000) + clockOffsetMs;
  const schedules = useSchedules();
  const targets = useTargets();
  const may = mayChangeSchedules(person);
  const isKnown = welcomed && schedules.state === 'loaded';
  const all = schedules.state === 'loaded' ? schedules.value : [];
  return (
    <>
      <PageHead title="Schedules">
        {may && (
          <a class="button button-main" href={linkTo({ page: 'new-schedule' })}>
            Add a schedule
          </a>
        )}
      </PageHead>
      {schedules.state === 'failed' && <ProblemNote problem={schedules.problem} />}
      {!isKnown && schedules.state !== 'failed' && <p class="quiet">Asking the hub…</p>}
      {isKnown && all.length === 0 && (
        <p class="quiet">
          There are none yet. A schedule turns a device on and off at the times you choose, also
          while nobody is at home.
        </p>
      )}
      <div class="schedule-groups">
        {isKnown &&
          byTarget(all, targets).map(({ key, name, schedules: own }) => (
            <section key={key} class="card" aria-labelledby={key}>
              <h2 id={key}>{name}</h2>
              <ul class="rows">
                {own.map((schedule) => (
                  <ScheduleRow
                    key={schedule.id}
                    schedule={schedule}
                    definition={targetDefinition(schedule, targets)}
                    nowMs={nowMs}
                  />
                ))}
              </ul>
            </section>
          ))}
      </div>
    </>
  );
}
