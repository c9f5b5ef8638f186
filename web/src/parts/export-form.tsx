import { useState } from 'preact/hooks';
import { beginMs, dateOf, finishMs } from '../days.ts';
import { exportFormats } from '../export-words.ts';
import { keeping } from '../history-api.ts';
import type { NewExport } from '../history-wire.ts';
import { useAction, useObservable } from '../hooks.ts';
import { useSession } from '../session.ts';
import { Choice } from './choice.tsx';
import { DateSpan } from './date-span.tsx';
import { Form } from './form.tsx';
import { Segments } from './segments.tsx';

const dayMs = 86_400_000;

const partitions = [
  ['none', 'One file'],
  ['date', 'A file for each day'],
] as const;

/** A new export: of which devices, from when to when, and as what. */
export function ExportForm(props: {
  /** Of which device, when one comes from its page. */
  device: string | undefined;
  nowMs: number;
  onStarted: () => void;
}) {
  const { live } = useSession();
  const { devices } = useObservable(live.state);
  const [device, setDevice] = useState(devices.has(props.device ?? '') ? props.device : '');
  const [from, setFrom] = useState(() => dateOf(props.nowMs - 30 * dayMs));
  const [to, setTo] = useState(() => dateOf(props.nowMs));
  const [format, setFormat] = useState<NewExport['format']>('csv');
  const [partition, setPartition] = useState<NewExport['partition']>('none');
  const start = useAction(async () => {
    await keeping.startExport({
      start: new Date(beginMs(from)).toISOString(),
      end: new Date(finishMs(to)).toISOString(),
      format,
      partition,
      ...(device && { devices: [device] }),
    });
    props.onStarted();
  });
  return (
    <Form
      action={start}
      fields={['devices', 'start', 'end', 'format']}
      submit="Export"
      busy="Asking the hub…"
      isCard
    >
      <h2>Export readings</h2>
      <Choice
        label="Of"
        name="devices"
        value={device ?? ''}
        onValue={setDevice}
        problem={start.problem}
        choices={[
          ['', 'All devices'],
          ...[...devices.values()]
            .sort((a, b) => a.name.localeCompare(b.name))
            .map(({ id, name }) => [id, name] as const),
        ]}
      />
      <DateSpan
        from={from}
        to={to}
        onFrom={setFrom}
        onTo={setTo}
        most={dateOf(props.nowMs)}
        problem={start.problem}
      />
      <Choice
        label="As"
        name="format"
        value={format}
        onValue={(value) =>
          setFormat(exportFormats.find(([known]) => known === value)?.[0] ?? format)
        }
        choices={exportFormats}
        problem={start.problem}
      />
      {format !== 'ha-statistics' && (
        <Segments
          legend="In"
          isLegendShown
          choices={partitions}
          value={partition}
          onValue={setPartition}
        />
      )}
    </Form>
  );
}
