import type { Device } from '../wire.ts';

/** Whether the device is there: a shape and a word, so that colour is never needed to tell. */
export function Presence({ device }: { device: Pick<Device, 'status' | 'state'> }) {
  if (device.state === 'disabled') return <Mark kind="off" word="Switched off here" />;
  if (device.state === 'maintenance') return <Mark kind="care" word="In maintenance" />;
  return device.status === 'online' ? (
    <Mark kind="online" word="Online" />
  ) : (
    <Mark kind="offline" word="Offline" />
  );
}

const shapes = {
  online: <circle cx="6" cy="6" r="4.5" />,
  offline: <path d="M2.6 2.6l6.8 6.8m0-6.8l-6.8 6.8" />,
  care: <path d="M6 1.2 10.8 6 6 10.8 1.2 6z" />,
  off: <rect x="2" y="2" width="8" height="8" rx="1" />,
};

function Mark({ kind, word }: { kind: keyof typeof shapes; word: string }) {
  return (
    <span class={`presence presence-${kind}`}>
      <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
        {shapes[kind]}
      </svg>
      {word}
    </span>
  );
}
