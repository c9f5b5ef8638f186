import { useEffect, useMemo, useState } from 'preact/hooks';
import { auditKinds, type Names } from '../audit-words.ts';
import { useAction, useLoad, useNow, useObservable } from '../hooks.ts';
import { AuditList } from '../parts/audit-list.tsx';
import { Choice } from '../parts/choice.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { SecurityTabs } from '../parts/security-tabs.tsx';
import { VerifyCard } from '../parts/verify-card.tsx';
import { people } from '../people-api.ts';
import { useSession } from '../session.ts';
import { auditCsvAddress, trust } from '../trust-api.ts';
import type { AuditFilter, AuditRow } from '../trust-wire.ts';

const pageRows = 50;

/** Who did what, newest first, in sentences. */
export function LogPage() {
  const { live } = useSession();
  const { clockOffsetMs, devices } = useObservable(live.state);
  const nowMs = useNow(30_000) + clockOffsetMs;
  const [everyone] = useLoad(people.list, 'people');
  const known = everyone.state === 'loaded' ? everyone.value : [];
  const [filter, setFilter] = useState<Required<AuditFilter>>({
    actor: '',
    action: '',
    outcome: '',
  });
  const names: Names = useMemo(
    () => ({
      people: new Map(known.map(({ id, name }) => [id, name])),
      devices: new Map([...devices.values()].map(({ id, name }) => [id, name])),
    }),
    [known, devices],
  );
  const change = (changed: Partial<AuditFilter>) => setFilter({ ...filter, ...changed });
  return (
    <>
      <PageHead title="Security" />
      <SecurityTabs here="log" />
      <div class="page-column">
        <VerifyCard nowMs={nowMs} />
        <section class="card" aria-labelledby="log">
          <h2 id="log">What was done</h2>
          <div class="field-row">
            <Choice
              label="By"
              name="actor"
              value={filter.actor}
              onValue={(actor) => change({ actor })}
              choices={[
                ['', 'Everybody'],
                ...known.map(({ name }) => [`person:${name}`, name] as const),
                ['local', 'Somebody at the hub itself'],
                ['hub', 'The hub'],
                ['nobody', 'Somebody unknown'],
              ]}
            />
            <Choice
              label="About"
              name="action"
              value={filter.action}
              onValue={(action) => change({ action })}
              choices={auditKinds}
            />
            <Choice
              label="Outcome"
              name="outcome"
              value={filter.outcome}
              onValue={(outcome) => change({ outcome })}
              choices={[
                ['', 'Any'],
                ['refused', 'Refused'],
              ]}
            />
          </div>
          <FilteredRows key={JSON.stringify(filter)} filter={filter} names={names} nowMs={nowMs} />
        </section>
      </div>
    </>
  );
}

function FilteredRows(props: { filter: AuditFilter; names: Names; nowMs: number }) {
  const { filter } = props;
  const [rows, setRows] = useState<readonly AuditRow[]>();
  const [hasMore, setHasMore] = useState(false);
  const load = useAction(async (before?: number) => {
    const page = await trust.audit(filter, pageRows, before);
    setRows((known = []) => (before === undefined ? page : [...known, ...page]));
    setHasMore(page.length === pageRows);
  });
  const { run } = load;
  useEffect(() => void run(), [run]);
  return (
    <>
      {rows === undefined && load.busy && <p class="quiet">Asking the hub…</p>}
      {rows?.length === 0 && <p class="quiet">Nothing of that kind.</p>}
      {rows && rows.length > 0 && <AuditList rows={rows} names={props.names} nowMs={props.nowMs} />}
      <ProblemNote problem={load.problem} />
      <div class="buttons">
        {hasMore && (
          <button
            type="button"
            class="button"
            disabled={load.busy}
            onClick={() => void run(rows?.at(-1)?.seq)}
          >
            Show older
          </button>
        )}
        {rows && rows.length > 0 && (
          <a class="button" href={auditCsvAddress(filter)} download="hearth-log.csv">
            Download as CSV
          </a>
        )}
      </div>
    </>
  );
}
