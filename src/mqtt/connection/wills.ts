import type { LevelPersistence, StoredMessage } from 'aedes-persistence-level';
import type { Identity } from '../ports.ts';
import { newSession, type Session } from '../sessions/session.ts';
import type { Will } from '../wire/connect.ts';
import type { ConnectionContext } from './context.ts';
import { PublishPath } from './publish-path.ts';

interface StoredWill extends StoredMessage {
  readonly clientId: string;
  readonly identity: Identity;
}

/**
 * The wills of connected clients, on disk for the case that the hub loses power. Aedes is told of
 * none: it would publish them past the gate.
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

  /** Publishes the wills of those who were connected when the hub stopped without notice, §3.1.2.5. */
  async publishLeftBehind(context: ConnectionContext): Promise<void> {
    const left: StoredWill[] = [];
    for await (const will of this.#records.streamWill()) left.push(will as StoredWill);
    const nobody = () => undefined;
    for (const { clientId, identity, topic, payload, qos, retain } of left) {
      const session = newSession(clientId, identity, undefined);
      const callbacks = { acknowledge: nobody, deny: nobody, fail: nobody, onProgress: nobody };
      const path = new PublishPath({ ...context, session, ...callbacks });
      path.receiveWill({ topic, payload, qos, retain });
      await new Promise<void>((resolve) => path.whenIdle(resolve));
      await this.forget(clientId);
    }
  }
}
