import { api } from '../api.ts';
import { useLoad } from '../hooks.ts';
import { sentence } from '../problem.ts';
import { mayChangeDevices, useSession } from '../session.ts';
import { timeAgo } from '../time.ts';
import type { Denial, Device } from '../wire.ts';
import { ProblemNote } from './problem-note.tsx';
import { refusals, Warning } from './warning.tsx';

/** What this device tried and may not do, or what someone tried in its name. */
export function DenialsCard({ device, nowMs }: { device: Device; nowMs: number }) {
  const { person } = useSession();
  return (
    <section class="card denials" aria-labelledby="denials">
      <h2 id="denials">Refused attempts</h2>
      <Warning>
        {refusals(device.denied ?? 0)}. A device that is set up wrongly does this, and so does
        something that pretends to be it.
      </Warning>
      {mayChangeDevices(person) && <DenialList device={device} nowMs={nowMs} />}
    </section>
  );
}

function DenialList({ device, nowMs }: { device: Device; nowMs: number }) {
  const [denials] = useLoad(() => api.denials(device.id), `${device.id} ${device.denied}`);
  if (denials.state === 'failed') return <ProblemNote problem={denials.problem} />;
  if (denials.state === 'loading') return null;
  return (
    <ul class="denial-list">
      {denials.value.map((denial) => (
        <li key={`${denial.at} ${denial.action} ${denial.topic}`}>
          <p>
            {attempt(denial)}
            {denial.count > 1 && `, ${denial.count} times`}
          </p>
          <p class="quiet">
            {sentence(denial.reason)} Last{' '}
            <time dateTime={denial.last_at}>{timeAgo(Date.parse(denial.last_at), nowMs)}</time>
            {denial.remote_address && ` from ${denial.remote_address}`}.
          </p>
        </li>
      ))}
    </ul>
  );
}

function attempt(denial: Denial) {
  switch (denial.action) {
    case 'connect':
      return 'Tried to connect';
    case 'publish':
      return (
        <>
          Tried to send to <code>{denial.topic}</code>
        </>
      );
    case 'subscribe':
      return (
        <>
          Tried to listen to <code>{denial.topic}</code>
        </>
      );
  }
}
