import { useMemo } from 'preact/hooks';
import { drawQr } from '../qr.ts';

/** A text for the camera of a phone. Dark on light in every scheme: not all readers invert. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const { size, path } = useMemo(() => drawQr(text), [text]);
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
      <rect class="qr-ground" width={size} height={size} />
      <path class="qr-ink" d={path} />
    </svg>
  );
}
