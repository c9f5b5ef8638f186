import { useEffect } from 'preact/hooks';
import { isUnderWay } from '../export-words.ts';
import { keeping } from '../history-api.ts';
import { useLoad, useNow, useObservable } from '../hooks.ts';
import { ExportForm } from '../parts/export-form.tsx';
import { ExportRow } from '../parts/export-row.tsx';
import { HistoryTabs } from '../parts/history-tabs.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { useSession } from '../session.ts';

const askEveryMs = 1_000;

/** Takes history along, as files: a new export, and what became of the others. */
export function HistoryExportPage({ device }: { device?: string | undefined }) {
  const { live } = useSession();
  const { clockOffsetMs, welcomed } = useObservable(live.state);
  const nowMs = useNow(10_000) + clockOffsetMs;
  const [exports, reload] = useLoad(keeping.exports, 'exports');
  const jobs = exports.state === 'loaded' ? exports.value : [];
  const isMoving = jobs.some(isUnderWay);
  useEffect(() => {
    if (!isMoving) return;
    const timer = setInterval(reload, askEveryMs);
    return () => clearInterval(timer);
  }, [isMoving, reload]);
  return (
    <>
      <PageHead title="History" />
      <HistoryTabs here="history-export" />
      <div class="page-column">
        {welcomed && <ExportForm device={device} nowMs={nowMs} onStarted={reload} />}
        <section class="card" aria-labelledby="exports">
          <h2 id="exports">Exports</h2>
          {exports.state === 'loading' && <p class="quiet">Asking the hub…</p>}
          {exports.state === 'failed' && <ProblemNote problem={exports.problem} />}
          {exports.state === 'loaded' && jobs.length === 0 && <p class="quiet">None yet.</p>}
          {jobs.length > 0 && (
            <ul class="rows">
              {jobs.map((job) => (
                <ExportRow key={job.id} job={job} nowMs={nowMs} onChange={reload} />
              ))}
            </ul>
          )}
        </section>
      </div>
    </>
  );
}
