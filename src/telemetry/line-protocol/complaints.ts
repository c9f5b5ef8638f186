import { HearthError } from '#kernel';
import type { Rejection } from '../parse.ts';
import type { Found } from './devices.ts';
import type { Fault } from './types.ts';

type Missing = Exclude<Found, { readonly id: string }>;

interface First {
  readonly line: number;
  readonly code: 'bad_request' | 'not_found' | 'unprocessable';
  readonly message: string;
}

/** What was wrong with a body of lines: the first thing in full, of the others how many. */
export class Complaints {
  #first: First | undefined;
  #dropped = 0;
  #tryAgain: HearthError | undefined;

  /** A line that cannot be read. */
  unreadable({ line, column, problem, excerpt }: Fault): void {
    const message = `unable to parse '${excerpt}': line ${line}, column ${column}: ${problem}`;
    this.#add({ line, code: 'bad_request', message });
  }

  /** A line of a device that there is not. */
  noDevice(line: number, { code, problem }: Missing): void {
    this.#add({ line, code, message: `line ${line}: ${problem}` });
  }

  /** Something of a line that is not kept. */
  refused(line: number, problem: string): void {
    const message = line === 0 ? problem : `line ${line}: ${problem}`;
    this.#add({ line, code: 'unprocessable', message });
  }

  /** What the intake kept out of the readings of a device, of which `dropped` went altogether. */
  rejected(rejections: readonly Rejection[], firstLine: number, dropped: number): void {
    const [first] = rejections;
    if (first === undefined) return;
    const { index, field, reason } = first;
    this.refused(index === 0 ? firstLine : index, `${field} ${reason}`.trim());
    this.#dropped += Math.max(0, Math.max(dropped, rejections.length) - 1);
  }

  /** Lines that would be taken later. */
  tryAgain(error: HearthError, lines: number): void {
    this.#tryAgain ??= error;
    this.#dropped += lines;
  }

  /** @throws HearthError when the same body should be sent again. */
  throwIfTryAgain(): void {
    if (this.#tryAgain !== undefined) throw this.#tryAgain;
  }

  /** Nothing when all was well. */
  summary(accepted: number): { readonly error?: HearthError; readonly line?: number } {
    if (this.#first === undefined) return {};
    const { line, code, message } = this.#first;
    const partly = accepted > 0 ? 'partial write: ' : '';
    const error = new HearthError(code, `${partly}${message} dropped=${this.#dropped}`);
    return line === 0 ? { error } : { error, line };
  }

  #add(complaint: First): void {
    this.#dropped++;
    // What cannot be read is told before what was read and refused.
    if (this.#first === undefined || (isWorse(complaint) && !isWorse(this.#first))) {
      this.#first = complaint;
    }
  }
}

const isWorse = ({ code }: First): boolean => code === 'bad_request';
