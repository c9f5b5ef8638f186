declare module 'aedes-persistence-level' {
  import type { GroupedLevel } from './grouped-level.ts';

  export interface StoredSubscription {
    readonly topic: string;
    readonly qos: 0 | 1 | 2;
  }

  export interface StoredMessage {
    readonly topic: string;
    readonly payload: Buffer;
    readonly qos: 0 | 1 | 2;
    readonly retain: boolean;
  }

  /** The part of it that Hearth calls; every promise settles after the database's. */
  export interface LevelPersistence {
    storeRetained(packet: StoredMessage): Promise<void>;
    createRetainedStream(filter: string): AsyncIterable<StoredMessage>;
    addSubscriptions(client: { id: string }, subs: readonly StoredSubscription[]): Promise<void>;
    removeSubscriptions(client: { id: string }, filters: readonly string[]): Promise<void>;
    subscriptionsByClient(client: { id: string }): Promise<StoredSubscription[]>;
    putWill<W extends StoredMessage>(client: { id: string }, will: W): Promise<void>;
    delWill(client: { id: string }): Promise<unknown>;
    streamWill(): AsyncIterable<unknown>;
  }

  export default function levelPersistence(db: GroupedLevel): LevelPersistence;
}
