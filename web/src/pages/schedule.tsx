import { control } from '../control-api.ts';
import type { ScheduleInput } from '../control-wire.ts';
import { useLoad, useObservable } from '../hooks.ts';
import { BackLink } from '../parts/back-link.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { actionsFor, ScheduleForm } from '../parts/schedule-form.tsx';
import { linkTo } from '../route.ts';
import { draftFromSchedule, emptyDraft, type ScheduleDraft } from '../schedule-draft.ts';
import { type Targets, targetDefinition } from '../schedule-targets.ts';
import { useTargets } from '../schedules.ts';
import { mayChangeSchedules, useSession } from '../session.ts';

/** A new schedule, or one that is to be changed. */
export function SchedulePage({ id, device }: { id?: string; device?: string | undefined }) {
  const { live, person } = useSession();
  const { welcomed } = useObservable(live.state);
  const targets = useTargets();
  const title = id === undefined ? 'Add a schedule' : 'Change a schedule';
  const isReady = welcomed && targets.isKnown;
  return (
    <>
      <PageHead
        title={title}
        above={<BackLink to={{ page: 'schedules' }} words="All schedules" />}
      />
      {!mayChangeSchedules(person) && (
        <p class="quiet">Guests can look at schedules, not change them.</p>
      )}
      {mayChangeSchedules(person) && !isReady && <p class="quiet">Asking the hub…</p>}
      {mayChangeSchedules(person) &&
        isReady &&
        (id === undefined ? (
          <NewSchedule device={device} targets={targets} />
        ) : (
          <ChangeSchedule id={id} targets={targets} />
        ))}
    </>
  );
}

const leave = () => {
  location.hash = linkTo({ page: 'schedules' });
};

function NewSchedule({ device, targets }: { device: string | undefined; targets: Targets }) {
  const target = device === undefined ? '' : `device:${device}`;
  const initial: ScheduleDraft = { ...emptyDraft, target, ...actionsFor(target, targets) };
  const add = async (input: ScheduleInput) => {
    await control.addSchedule(input);
    leave();
  };
  return (
    <ScheduleForm
      initial={initial}
      targets={targets}
      submit="Add the schedule"
      onSave={add}
      onCancel={leave}
    />
  );
}

function ChangeSchedule({ id, targets }: { id: string; targets: Targets }) {
  const [schedule] = useLoad(() => control.schedule(id), id);
  if (schedule.state === 'loading') return <p class="quiet">Asking the hub…</p>;
  if (schedule.state === 'failed') return <ProblemNote problem={schedule.problem} />;
  const change = async (input: ScheduleInput) => {
    await control.changeSchedule(id, input);
    leave();
  };
  const definition = targetDefinition(schedule.value, targets);
  return (
    <ScheduleForm
      initial={draftFromSchedule(schedule.value, definition)}
      targets={targets}
      submit="Save"
      onSave={change}
      onCancel={leave}
    />
  );
}
