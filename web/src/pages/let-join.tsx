import { useEffect, useState } from 'preact/hooks';
import { useAction, useLoad, useNow, useObservable } from '../hooks.ts';
import { AddTabs } from '../parts/add-tabs.tsx';
import { BackHome } from '../parts/back-link.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { QrCode } from '../parts/qr-code.tsx';
import { linkTo } from '../route.ts';
import { useSession } from '../session.ts';
import { timeLeft } from '../time.ts';
import { trust } from '../trust-api.ts';
import type { JoinWindow, OpenedWindow } from '../trust-wire.ts';

const minutes = 10;
const askEveryMs = 2_000;

/** Lets one new device in, which shows the code that stands here. */
export function LetJoinPage() {
  const [window, reload] = useLoad(trust.joinWindow, 'join-window');
  // The hub keeps only a hash of it: whoever opened the window is shown the code, this once.
  const [opened, setOpened] = useState<OpenedWindow>();
  const open = useAction(async () => {
    setOpened(await trust.openJoinWindow(minutes));
    reload();
  });
  const close = useAction(async () => {
    await trust.closeJoinWindow();
    setOpened(undefined);
    reload();
  });
  const isOpen = window.state === 'loaded' && window.value.open;
  useEffect(() => {
    if (!isOpen) return;
    const timer = setInterval(reload, askEveryMs);
    return () => clearInterval(timer);
  }, [isOpen, reload]);
  return (
    <>
      <PageHead title="Add a device" above={<BackHome />} />
      <AddTabs here="let-join" />
      <section class="card form" aria-label="Let a device join">
        {window.state === 'failed' && <ProblemNote problem={window.problem} />}
        {window.state === 'loaded' && <Joined id={window.value.joined} />}
        {isOpen ? (
          <OpenWindow
            window={window.value}
            code={opened?.expires_at === window.value.expires_at ? opened.code : undefined}
          />
        ) : (
          <p>
            A new device, or its set-up page, asks for a code. It then makes its own key, which
            never leaves it, and gets its certificate from the hub. The code is good for one device
            and for {minutes} minutes; outside that time no unknown device gets in.
          </p>
        )}
        <div class="buttons">
          <button
            key={isOpen ? 'again' : 'first'}
            type="button"
            class={isOpen ? 'button' : 'button button-main'}
            disabled={open.busy}
            onClick={() => void open.run()}
          >
            {isOpen ? 'A new code' : 'Show a code'}
          </button>
          {isOpen && (
            <button
              type="button"
              class="button"
              disabled={close.busy}
              onClick={() => void close.run()}
            >
              Let nobody in
            </button>
          )}
        </div>
        <ProblemNote problem={open.problem ?? close.problem} />
      </section>
    </>
  );
}

function OpenWindow({ window, code }: { window: JoinWindow; code: string | undefined }) {
  const { live } = useSession();
  const { clockOffsetMs } = useObservable(live.state);
  const nowMs = useNow(500) + clockOffsetMs;
  // Whole seconds: the clocks differ by less, and ten minutes are no ten minutes and one second.
  const leftMs = Math.floor((Date.parse(window.expires_at ?? '') - nowMs) / 1000) * 1000;
  return (
    <div class="one-time">
      {code !== undefined && (
        <QrCode
          text={JSON.stringify({ join: `${location.origin}/api/v1/join`, code })}
          label="QR code of the address of the hub and the code"
        />
      )}
      <div class="one-time-words">
        {code === undefined ? (
          <p>One device may join now. Its code was shown where it was asked for, and only there.</p>
        ) : (
          <p class="big-code" role="status">
            <span class="visually-hidden">The code is </span>
            {code}
          </p>
        )}
        <p>
          <span role="timer">{timeLeft(leftMs)}</span> left
          {window.tries_left !== null && window.tries_left < 3 && (
            <>
              , and {window.tries_left} {window.tries_left === 1 ? 'try' : 'tries'}
            </>
          )}
          .
        </p>
        {code !== undefined && (
          <p class="quiet">Type it on the device, or scan it with its set-up page.</p>
        )}
      </div>
    </div>
  );
}

function Joined({ id }: { id: string | null }) {
  const { live } = useSession();
  const { devices } = useObservable(live.state);
  return (
    <p role="status" class={id === null ? undefined : 'note note-good'}>
      {id !== null && (
        <span>
          <a href={linkTo({ page: 'device', id })}>{devices.get(id)?.name ?? id}</a> has joined.
        </span>
      )}
    </p>
  );
}
