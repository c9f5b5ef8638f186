import { useState } from 'preact/hooks';
import { Warning } from './warning.tsx';

/** Codes for when the phone is lost, shown once: to be copied, or printed alone on a page. */
export function RecoveryCodes({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const [isCopied, setIsCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(codes.join('\n'));
    setIsCopied(true);
  };
  return (
    <div class="set-up-steps">
      <div class="print-alone">
        <h3>Your recovery codes</h3>
        <p>
          Each signs you in once in place of a code from the app, on {location.host}. Keep them
          where your phone is not.
        </p>
        <ol class="recovery-codes">
          {codes.map((code) => (
            <li key={code}>
              <code>{code}</code>
            </li>
          ))}
        </ol>
      </div>
      <Warning>They are shown only now.</Warning>
      <div class="buttons">
        {'clipboard' in navigator && (
          <button type="button" class="button" onClick={() => void copy()}>
            {isCopied ? 'Copied' : 'Copy them'}
          </button>
        )}
        <button type="button" class="button" onClick={() => window.print()}>
          Print them
        </button>
        <button type="button" class="button button-main" onClick={onDone}>
          I have kept them
        </button>
      </div>
    </div>
  );
}
