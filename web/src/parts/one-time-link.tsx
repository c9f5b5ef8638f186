import { dayAndTime } from '../time.ts';
import { CodeBlock } from './code-block.tsx';
import { QrCode } from './qr-code.tsx';
import { Warning } from './warning.tsx';

/** A link with a code in it, shown this once: to be sent, or read off the screen with a phone. */
export function OneTimeLink(props: {
  url: string;
  /** What it is: `the invitation`. */
  what: string;
  expiresAt: string;
  nowMs: number;
}) {
  const { url, what } = props;
  return (
    <div class="one-time">
      <QrCode text={url} label={`QR code of ${what}`} />
      <div class="one-time-words">
        <Warning>It is shown only now. It works once.</Warning>
        {isThisMachineAlone(url) && (
          <Warning>
            It begins with “{new URL(url).hostname}”, which other devices take for themselves. Open
            this page by the name or the address of the hub, and make it there.
          </Warning>
        )}
        <CodeBlock text={url} label={`the link of ${what}`} />
        <p class="quiet">
          Good until {dayAndTime(Date.parse(props.expiresAt), props.nowMs)}, and only where this hub
          can be reached.
        </p>
      </div>
    </div>
  );
}

const isThisMachineAlone = (url: string): boolean =>
  /^(localhost|127\..*|\[::1\])$/.test(new URL(url).hostname);
