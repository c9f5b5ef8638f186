import { type Caller, may } from '#auth';
import { type Clock, HearthError, isoOfMicroseconds } from '#kernel';
import type { ImportReceipt } from '../imports/intake.ts';
import { bounds } from '../parse.ts';
import { PointBuffer, type Points } from '../points.ts';
import { earliestUs, furthestAheadUs, latestUs } from '../timestamp.ts';
import type { Receipt, Submission, Value } from '../types.ts';
import { Complaints } from './complaints.ts';
import type { By, Found, LineDevices } from './devices.ts';
import { type LineName, metricOfField, nameOfLine } from './names.ts';
import { LineReader } from './parse.ts';
import { microsecondsOf, type Precision } from './precision.ts';
import type { Point } from './types.ts';

/** A reading with its time in microseconds; without one it gets that of its receipt. */
interface TimedReading {
  /** The number of its line. */
  readonly index: number;
  readonly time: number | undefined;
  readonly values: Readonly<Record<string, Value>>;
}

/** What is needed of telemetry. */
export interface Sink {
  readonly clockIsPlausible: boolean;
  submitReadings(
    submission: Submission,
    readings: readonly TimedReading[],
    how: { readonly goesOn: boolean },
  ): Receipt;
  importPoints(
    points: Points,
    series: readonly { readonly deviceId: string; readonly metric: string }[],
  ): Promise<ImportReceipt>;
}

export interface WriteRequest {
  readonly text: string;
  readonly precision: Precision;
  readonly caller: Caller;
  readonly by: By;
  /** Whether what is older than raw readings are kept is meant to come in. */
  readonly isImport: boolean;
}

export interface WriteOutcome {
  /** Lines that were kept, at least in part. */
  readonly accepted: number;
  /** The first thing that was wrong, and how many lines it or another thing kept out. */
  readonly error?: HearthError;
  readonly line?: number;
}

/** Lines between two turns of the event loop: readings of others come first. */
const linesAtOnce = 1000;
/** Each device that comes in waits for the disk. */
const devicesAtOnce = 10;

/** Takes a body of lines in: each to its device, all of them to disk. */
export class LineWriter {
  readonly #clock: Clock;
  readonly #sink: Sink;
  readonly #devices: LineDevices;

  constructor(parts: {
    readonly clock: Clock;
    readonly sink: Sink;
    readonly devices: LineDevices;
  }) {
    this.#clock = parts.clock;
    this.#sink = parts.sink;
    this.#devices = parts.devices;
  }

  /**
   * Resolves once everything that can be kept is on disk; what cannot is in the outcome.
   * @throws HearthError `forbidden`, `too_many_requests`, `unavailable`, `storage_full`.
   */
  async write(request: WriteRequest): Promise<WriteOutcome> {
    const lines = new LineReader(request.text);
    const complaints = new Complaints();
    const committed = new Set<Promise<void>>();
    const begun = new Set<string>();
    let accepted = 0;
    for (let isDone = false; !isDone; ) {
      const stretch = this.#readStretch(lines, request, complaints);
      isDone = stretch.isLast;
      accepted += request.isImport
        ? await this.#import(stretch.byDevice, committed, complaints)
        : this.#submit(stretch.byDevice, begun, committed, complaints);
      if (!isDone) await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await Promise.all(committed);
    complaints.throwIfTryAgain();
    return { accepted, ...complaints.summary(accepted) };
  }

  #readStretch(lines: LineReader, request: WriteRequest, complaints: Complaints) {
    const byDevice = new Map<string, TimedReading[]>();
    const found = new Map<string, Found>();
    const known = this.#devices.created;
    for (let count = 0; count < linesAtOnce; count++) {
      if (this.#devices.created - known >= devicesAtOnce) break;
      const point = lines.next();
      if (point === undefined) return { byDevice, isLast: true };
      if ('problem' in point) {
        complaints.unreadable(point);
        continue;
      }
      this.#place(point, request, complaints, found, byDevice);
    }
    return { byDevice, isLast: false };
  }

  #place(
    point: Point,
    request: WriteRequest,
    complaints: Complaints,
    known: Map<string, Found>,
    byDevice: Map<string, TimedReading[]>,
  ): void {
    const { line } = point;
    const time =
      point.time === undefined ? undefined : microsecondsOf(point.time, request.precision);
    const problem = time === undefined ? undefined : this.#timeProblem(time, request.isImport);
    if (problem !== undefined) {
      complaints.refused(line, `the time ${problem}`);
      return;
    }
    const name = nameOfLine(point.measurement, point.tags);
    let found = known.get(name.series);
    if (found === undefined) {
      found = this.#deviceOf(name, request);
      known.set(name.series, found);
    }
    if (!('id' in found)) {
      complaints.noDevice(line, found);
      return;
    }
    const isNamed = name.deviceId !== undefined || request.caller.kind === 'device';
    const values = this.#valuesOf(point, isNamed, complaints);
    if (values === undefined) return;
    const readings = byDevice.get(found.id);
    const reading = { index: line, time, values };
    if (readings === undefined) byDevice.set(found.id, [reading]);
    else readings.push(reading);
  }

  /** A device with its own key writes for itself alone, whatever its lines are called. */
  #deviceOf(name: LineName, { caller, by }: WriteRequest): Found {
    if (caller.kind !== 'device') return this.#devices.find(name, by, true);
    if (name.deviceId === undefined || name.deviceId === caller.id) return { id: caller.id };
    return { code: 'not_found', problem: `there is no device "${name.deviceId.slice(0, 64)}"` };
  }

  #valuesOf(
    { line, measurement, fields }: Point,
    isNamed: boolean,
    complaints: Complaints,
  ): Record<string, Value> | undefined {
    const values: Record<string, Value> = {};
    let count = 0;
    for (const [key, value] of fields) {
      if (typeof value === 'string' && value.length > bounds.textLength) {
        const most = bounds.textLength;
        complaints.refused(
          line,
          `${key} is a text of ${value.length} characters, more than ${most}`,
        );
        continue;
      }
      values[metricOfField(key, measurement, isNamed)] = value;
      count++;
    }
    return count === 0 ? undefined : values;
  }

  #timeProblem(timeUs: number, isImport: boolean): string | undefined {
    const isNear =
      !this.#sink.clockIsPlausible || timeUs <= this.#clock.nowMs() * 1000 + furthestAheadUs;
    if (timeUs >= latestUs || !isNear) {
      return `is ${timeUs < latestUs ? isoOfMicroseconds(timeUs) : 'past 2100'}, which is yet to come: is the precision right?`;
    }
    if (timeUs < (isImport ? 0 : earliestUs)) {
      return timeUs < 0
        ? 'is before 1970'
        : `is ${isoOfMicroseconds(timeUs)}, older than anything that is kept: is the precision right?`;
    }
    return undefined;
  }

  #submit(
    byDevice: ReadonlyMap<string, readonly TimedReading[]>,
    begun: Set<string>,
    committed: Set<Promise<void>>,
    complaints: Complaints,
  ): number {
    let accepted = 0;
    for (const [deviceId, readings] of byDevice) {
      const receipt = this.#sink.submitReadings(
        { deviceId, body: undefined, source: 'http' },
        readings,
        { goesOn: begun.has(deviceId) },
      );
      begun.add(deviceId);
      accepted += receipt.accepted;
      if (receipt.error !== undefined) complaints.tryAgain(receipt.error, readings.length);
      else {
        const first = readings[0]?.index ?? 0;
        complaints.rejected(receipt.rejected, first, readings.length - receipt.accepted);
      }
      if (receipt.committed !== undefined) committed.add(receipt.committed);
    }
    return accepted;
  }

  async #import(
    byDevice: ReadonlyMap<string, readonly TimedReading[]>,
    committed: Set<Promise<void>>,
    complaints: Complaints,
  ): Promise<number> {
    const points = new PointBuffer(1024);
    const series: { deviceId: string; metric: string }[] = [];
    const nowUs = this.#clock.nowMs() * 1000;
    let accepted = 0;
    for (const [deviceId, readings] of byDevice) {
      const numbers = new Map<string, number>();
      for (const { time, values } of readings) {
        accepted++;
        for (const [metric, value] of Object.entries(values)) {
          const number = numbers.get(metric) ?? series.push({ deviceId, metric }) - 1;
          numbers.set(metric, number);
          points.add(number, time ?? nowUs, value, 0);
        }
      }
    }
    if (points.count === 0) return 0;
    const taken = await this.#sink.importPoints(points.points, series);
    if (taken.committed !== undefined) committed.add(taken.committed);
    for (const { reason } of taken.skipped) complaints.refused(0, reason);
    return accepted;
  }
}

/** Whether a caller may write lines at all. */
export const mayWrite = (caller: Caller | undefined): boolean =>
  caller?.kind === 'device' || may(caller, 'telemetry.write');

/** Whether a caller may write what is older than raw readings are kept. @throws HearthError `forbidden`. */
export function requireImporter(caller: Caller): void {
  if (caller.role === 'owner' || caller.role === 'admin') return;
  throw new HearthError('forbidden', 'only an owner or an admin may write old history', {
    hint: 'Leave import=true out, or use a token of an owner.',
  });
}
