import { encode } from 'uqr';

/** A QR code as one path of an SVG; a unit is a module. */
export interface QrDrawing {
  readonly size: number;
  readonly path: string;
}

/** The quiet zone that readers need around it (ISO/IEC 18004 §9.1). */
const quietModules = 4;

/** Draws a text with medium error correction: it is read off a screen, not off a worn label. */
export function drawQr(text: string): QrDrawing {
  const { data, size } = encode(text, { ecc: 'M', border: quietModules });
  const strokes = data.flatMap((row, y) => runsOf(row).map(([x, length]) => stroke(x, y, length)));
  return { size, path: strokes.join('') };
}

const stroke = (x: number, y: number, length: number): string =>
  `M${x} ${y}h${length}v1h-${length}z`;

/** Where dark modules lie side by side in a row: start and length. */
function runsOf(row: readonly boolean[]): (readonly [start: number, length: number])[] {
  const runs: [number, number][] = [];
  row.forEach((isDark, x) => {
    if (!isDark) return;
    const last = runs.at(-1);
    if (last && last[0] + last[1] === x) last[1] += 1;
    else runs.push([x, 1]);
  });
  return runs;
}
