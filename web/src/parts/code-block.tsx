import { useState } from 'preact/hooks';

/** A line to type, with a button that copies it. */
export function CodeBlock({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <div class="code">
      <pre>
        <code>{text}</code>
      </pre>
      {'clipboard' in navigator && (
        <button
          type="button"
          class="button button-quiet"
          onClick={copy}
          aria-label={`Copy ${label}`}
        >
          {copied ? 'Copied' : 'Copy'}
        </button>
      )}
    </div>
  );
}
