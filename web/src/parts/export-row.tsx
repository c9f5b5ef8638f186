import { useState } from 'preact/hooks';
import {
  exportStatusWords,
  exportWords,
  fileWords,
  formatWords,
  isUnderWay,
} from '../export-words.ts';
import { exportFileAddress, keeping } from '../history-api.ts';
import type { ExportJob } from '../history-wire.ts';
import { useAction, useLoad, useObservable } from '../hooks.ts';
import { bytesWords } from '../kept-words.ts';
import { useSession } from '../session.ts';
import { timeAgo } from '../time.ts';
import { ProblemNote } from './problem-note.tsx';
import { Removable } from './removable.tsx';
import { Warning } from './warning.tsx';

/** One export: of what, how far it is, and its files once it is done. */
export function ExportRow(props: { job: ExportJob; nowMs: number; onChange: () => void }) {
  const { job, nowMs } = props;
  const { live } = useSession();
  const { devices } = useObservable(live.state);
  const name = exportWords(job, (id) => devices.get(id)?.name ?? id);
  const cancel = useAction(async () => {
    await keeping.endExport(job.id);
    props.onChange();
  });
  const { days_done: done, days } = job.progress;
  return (
    <li class="row export">
      <p>
        <strong>{name}</strong>
      </p>
      <p role="status" class={job.status === 'failed' ? 'fault' : undefined}>
        {exportStatusWords(job)}
      </p>
      {job.status === 'running' && (
        <progress aria-label={`Export of ${name}`} max={Math.max(days, 1)} value={done} />
      )}
      <p class="quiet">
        {formatWords(job.format)}, {timeAgo(Date.parse(job.created_at), nowMs)}
        {job.destination !== null && `, to ${job.destination}`}
      </p>
      {job.status === 'done' && job.destination === null && job.progress.rows > 0 && (
        <ExportFiles job={job} name={name} />
      )}
      {isUnderWay(job) ? (
        <div class="buttons">
          <button
            type="button"
            class="button"
            aria-label={`Cancel the export of ${name}`}
            disabled={cancel.busy}
            onClick={() => void cancel.run()}
          >
            Cancel
          </button>
        </div>
      ) : (
        <Removable
          verb="Remove"
          name={`the export of ${name}`}
          question={
            job.destination === null
              ? 'Remove it? Its files on the hub go too.'
              : 'Remove it from this list? Its files stay where they are.'
          }
          yes="Yes, remove it"
          onRemove={async () => {
            await keeping.endExport(job.id);
            props.onChange();
          }}
        />
      )}
      <ProblemNote problem={cancel.problem} />
    </li>
  );
}

/** Its files, asked for once they are wanted. */
function ExportFiles({ job, name }: { job: ExportJob; name: string }) {
  const [open, setOpen] = useState(false);
  const [files] = useLoad(
    () => (open ? keeping.exportFiles(job.id) : Promise.resolve([])),
    `${job.id} ${open}`,
  );
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary aria-label={`Files of ${name}`}>Files</summary>
      {job.sensitive && (
        <Warning>Readings that say much about people are in it. Keep it safe.</Warning>
      )}
      {files.state === 'failed' && <ProblemNote problem={files.problem} />}
      {files.state === 'loaded' && (
        <ul class="plain-list">
          {files.value.map((file) => (
            <li key={file.name}>
              <a href={exportFileAddress(job.id, file.name)} download>
                {fileWords(file.name)}
              </a>
              <span class="quiet">, {bytesWords(file.bytes)}</span>
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}
