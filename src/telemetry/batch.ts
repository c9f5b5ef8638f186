import type { DeliveryWindow } from './deliveries.ts';
import { PointBuffer } from './points.ts';
import type { Sample } from './types.ts';

/** A metric of a device, under the number that stands for it in columns. */
export interface Series {
  readonly id: number;
  readonly device: string;
  readonly metric: string;
}

/** Numbers a delivery takes in `Batch.deliveries`: series, packet identifier, fingerprint. */
export const deliveryWidth = 3;

/** Readings that are gathered in memory and will be committed together. */
export class Batch {
  /** Rises from batch to batch; what a delivery is stamped with. */
  readonly ordinal: number;
  readonly points: PointBuffer;
  /** What listeners hear once the batch is on disk. */
  readonly samples: Sample[] = [];
  /** Flat triples; the series stands for its device. */
  readonly deliveries: number[] = [];
  /** The one promise that all messages of the batch share: it settles when the batch is on disk. */
  readonly committed: Promise<void>;
  readonly #windows: DeliveryWindow[] = [];
  #resolve: () => void = () => {};
  #reject: (reason: Error) => void = () => {};

  constructor(ordinal: number, capacity: number) {
    this.ordinal = ordinal;
    this.points = new PointBuffer(capacity);
    this.committed = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // A batch of QoS 0 messages has nobody waiting; its failure must not end the process.
    this.committed.catch(() => {});
  }

  addDelivery(window: DeliveryWindow, series: number, packetId: number, fingerprint: number): void {
    this.deliveries.push(series, packetId, fingerprint);
    this.#windows.push(window);
    window.remember(packetId, fingerprint, this.ordinal);
  }

  succeed(): void {
    this.#resolve();
  }

  /** Its deliveries are taken back: the next attempt of each is the first that can count. */
  fail(reason: Error): void {
    this.#windows.forEach((window, at) => {
      window.forget(this.deliveries[at * deliveryWidth + 1] as number, this.ordinal);
    });
    this.#reject(reason);
  }
}
