import type { LevelPersistence, StoredMessage } from 'aedes-persistence-level';
import type { Identity } from '../ports.ts';
import type { Session } from '../sessions/session.ts';
import type { Will } from '../wire/connect.ts';

interface StoredWill extends StoredMessage {
  readonly clientId: string;
  readonly identity: Identity;
}

/**
 * The wills of connected clients, on disk: when the hub loses power they are published at its next
 * start, §3.1.2.5. Aedes keeps none of this: it would publish them past the gate.
 */
export class Wills {
  readonly #records: LevelPersistence;

  constructor(records: LevelPersistence) {
    this.#records = records;
  }

  async put(session: Session, will: Will): Promise<void> {
    const { clientId, identity } = session;
    await this.#records.putWill({ id: clientId }, { ...will, clientId, identity });
  }

  async forget(clientId: string): Promise<void> {
    await this.#records.delWill({ id: clientId });
  }

  /** Those that a stop without notice left behind. */
  async left(): Promise<StoredWill[]> {
    const wills: StoredWill[] = [];
    for await (const will of this.#records.streamWill()) wills.push(will as StoredWill);
    return wills;
  }
}
