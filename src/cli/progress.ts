import type { Progress } from '#sim';
import type { Output } from './surroundings.ts';

const cells = 24;
const redraw = '\r\u001b[2K';

/** One line that is drawn over itself, on a terminal only; a pipe or a log sees nothing of it. */
export class ProgressBar {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  show(progress: Progress): void {
    if (this.#output.isTTY) this.#output.write(redraw + progressLine(progress));
  }

  clear(): void {
    if (this.#output.isTTY) this.#output.write(redraw);
  }
}

export function progressLine({ share, sent, acknowledged }: Progress): string {
  const full = Math.round(share * cells);
  const bar = '█'.repeat(full) + '░'.repeat(cells - full);
  const percent = String(Math.floor(share * 100)).padStart(3);
  return `${bar} ${percent} %  ${sent} sent  ${acknowledged} acknowledged`;
}
