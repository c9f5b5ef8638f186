import { keeping } from '../history-api.ts';
import type { Retention, RetentionPlan, Storage } from '../history-wire.ts';
import { type Loaded, useLoad, useObservable } from '../hooks.ts';
import { bytesWords, daysWords, leavingWords, sizesOf, tierNames } from '../kept-words.ts';
import { HistoryTabs } from '../parts/history-tabs.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { RulesCard } from '../parts/rules-card.tsx';
import { Warning } from '../parts/warning.tsx';
import { useSession } from '../session.ts';
import { dayAndYear } from '../time.ts';

/** How far the page looks ahead. */
const daysAhead = 7;

/** How long the readings of the home are kept, what they take, and what goes next. */
export function HistoryPage() {
  const [retention, reloadRetention] = useLoad(keeping.retention, 'retention');
  const [storage] = useLoad(keeping.storage, 'storage');
  const [plan, reloadPlan] = useLoad(() => keeping.plan(daysAhead), 'plan');
  return (
    <>
      <PageHead title="History" />
      <HistoryTabs here="history" />
      <div class="page-column">
        {retention.state === 'loading' && <p class="quiet">Asking the hub…</p>}
        {retention.state === 'failed' && <ProblemNote problem={retention.problem} />}
        {retention.state === 'loaded' && (
          <>
            <KeptCard retention={retention.value} storage={storage} plan={plan} />
            <RulesCard
              retention={retention.value}
              onChange={() => {
                reloadRetention();
                reloadPlan();
              }}
            />
          </>
        )}
        <PlanCard plan={plan} />
      </div>
    </>
  );
}

function KeptCard(props: {
  retention: Retention;
  storage: Loaded<Storage>;
  plan: Loaded<RetentionPlan>;
}) {
  const { home } = props.retention;
  const storage = props.storage.state === 'loaded' ? props.storage.value : undefined;
  const sizes = storage && sizesOf(storage);
  const all = sizes && Object.values(sizes).reduce((sum, bytes) => sum + bytes, 0);
  return (
    <section class="card" aria-labelledby="kept">
      <h2 id="kept">What is kept, and for how long</h2>
      <p>
        Every reading is kept for a while. After that the hub remembers how it was by the minute, by
        the hour and by the day: the lowest, the highest, the average, and how much was used.
      </p>
      <div class="table-scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">How finely</th>
              <th scope="col">For how long</th>
              <th scope="col">Takes</th>
            </tr>
          </thead>
          <tbody>
            {tierNames.map(([tier, key, words]) => (
              <tr key={tier}>
                <th scope="row">{words}</th>
                <td>{daysWords(home[key])}</td>
                <td>{sizes ? bytesWords(sizes[tier]) : '…'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {storage && all !== undefined && (
        <p>
          {bytesWords(all)} in all
          {storage.oldest !== null && `, since ${dayAndYear(Date.parse(storage.oldest))}`}.
        </p>
      )}
      {props.storage.state === 'failed' && <ProblemNote problem={props.storage.problem} />}
      {props.plan.state === 'loaded' && <FreeDisk plan={props.plan.value} />}
      <p class="quiet settings-hint">
        These times are in the settings of the hub: telemetry.retention_days, minute_days, hour_days
        and day_days.
      </p>
    </section>
  );
}

function FreeDisk({ plan: { free_disk: disk } }: { plan: RetentionPlan }) {
  const { free_bytes: free, floor_bytes: floor } = disk;
  if (free === null) return null;
  const rule =
    floor > 0 && `When less than ${bytesWords(floor)} is left, the oldest readings go first.`;
  const words = `The disk has ${bytesWords(free)} free. ${rule || ''}`;
  return floor > 0 && free < 2 * floor ? <Warning>{words}</Warning> : <p>{words}</p>;
}

function PlanCard({ plan }: { plan: Loaded<RetentionPlan> }) {
  const { live } = useSession();
  const { devices } = useObservable(live.state);
  const nameOf = (id: string) => devices.get(id)?.name ?? id;
  return (
    <section class="card" aria-labelledby="plan">
      <h2 id="plan">What goes next</h2>
      {plan.state === 'loading' && <p class="quiet">Working it out…</p>}
      {plan.state === 'failed' && <ProblemNote problem={plan.problem} />}
      {plan.state === 'loaded' && plan.value.going.length === 0 && (
        <p class="quiet">Nothing in the next {daysAhead} days.</p>
      )}
      {plan.state === 'loaded' && plan.value.going.length > 0 && (
        <ul class="rows">
          {leavingWords(plan.value, nameOf).map((words) => (
            <li key={words} class="row">
              {words}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
