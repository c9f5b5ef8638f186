import type { Delivery } from './deliveries.ts';
import { PointBuffer } from './points.ts';
import type { Sample } from './types.ts';

/** A metric of a device, under the number that stands for it in columns. */
export interface Series {
  readonly id: number;
  readonly device: string;
  readonly metric: string;
}

/** The one promise that all messages of a batch share: it settles when the batch is on disk. */
export class Commitment {
  readonly promise: Promise<void>;
  state: 'pending' | 'committed' | 'failed' = 'pending';
  #resolve: () => void = () => {};
  #reject: (reason: Error) => void = () => {};

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // A batch of QoS 0 messages has nobody waiting; its failure must not end the process.
    this.promise.catch(() => {});
  }

  committed(): void {
    this.state = 'committed';
    this.#resolve();
  }

  failed(reason: Error): void {
    this.state = 'failed';
    this.#reject(reason);
  }
}

/** Numbers a delivery takes in `Batch.deliveries`: series, packet identifier, fingerprint. */
export const deliveryWidth = 3;

/** Readings that are gathered in memory and will be committed together. */
export class Batch {
  readonly points: PointBuffer;
  /** What listeners hear once the batch is on disk. */
  readonly samples: Sample[] = [];
  /** Flat triples; the series stands for its device. */
  readonly deliveries: number[] = [];
  readonly commitment = new Commitment();

  constructor(capacity: number) {
    this.points = new PointBuffer(capacity);
  }

  addDelivery(series: number, delivery: Delivery): void {
    this.deliveries.push(series, delivery.packetId, delivery.fingerprint);
  }
}
