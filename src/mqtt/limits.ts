/** What one hub lets its MQTT clients use; the settings `limits.*`. */
export interface BrokerLimits {
  readonly connections: number;
  readonly connectsPerSecond: number;
  /** Largest MQTT packet, fixed header excluded, in bytes. */
  readonly packetBytes: number;
  /** Subscriptions of one client. */
  readonly subscriptions: number;
  /** Messages with QoS > 0 sent to one client and not yet acknowledged by it. */
  readonly inflight: number;
  /** Messages kept for one client that is away or slow; the oldest go first. */
  readonly queued: number;
  /** Retained messages in all. */
  readonly retained: number;
  /** PUBLISH packets a second from one identity. */
  readonly messagesPerSecond: number;
}

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** Bounds that nobody has needed to change. */
export const policy = {
  /** How long a client may take to say CONNECT, TLS handshake included. */
  connectTimeoutMs: 10_000,
  /** Connections between accept and CONNACK at once; others wait their turn. */
  handshakes: 128,
  /** What one address may have of them, and of the connections that wait. */
  handshakeShare: 1 / 4,
  waitingShare: 1 / 2,
  /** How long a connection waits for its turn; a client that wants in tries again. */
  waitTimeoutMs: 30_000,
  /** A client whose socket took nothing for this long is frozen and is let go. */
  stallTimeoutMs: 15_000,
  /** How long a closing connection may take to hand over its last bytes. */
  closeTimeoutMs: 5_000,
  /** Denied publishes in one minute after which a client is disconnected. */
  denialsPerMinute: 20,
  /** PUBLISH packets of one client that wait for their commit before its socket is paused. */
  pendingMessages: 4096,
  pendingBytes: mebibyte,
  /** Frames that wait behind CONNECT, SUBSCRIBE or UNSUBSCRIBE before the socket is paused. */
  heldBytes: 64 * kibibyte,
  /** Bytes the socket did not take yet: beyond it QoS 0 is dropped and QoS > 0 waits. */
  backlogBytes: mebibyte,
  /** Bytes handed to the socket at once, so that a slow one shows progress. */
  writeBytes: 64 * kibibyte,
  /** Messages with QoS > 0 that wait for a slow client, in bytes. */
  waitingBytes: 4 * mebibyte,
  /** The offline queue of one session, and of all of them. */
  queuedBytes: 8 * mebibyte,
  queuedBytesInAll: 256 * mebibyte,
  /** Stored sessions of one identity, so that nobody can push out everybody else's. */
  sessionsPerIdentity: 16,
  /** All retained messages; they are also held in memory. */
  retainedBytes: 16 * mebibyte,
  /** QoS 2 messages of one client between PUBREC and PUBREL. */
  received: 4096,
  /** Topics whose permission one connection remembers. */
  topicsRemembered: 1000,
  /** Levels of a topic or filter; the matcher in Aedes throws beyond 100. */
  topicLevels: 100,
  /** Bytes of a client identifier; the specification asks for 23 at least [MQTT-3.1.3-5]. */
  clientIdBytes: 256,
  /** How long stop() waits for commits under way and their acknowledgments. */
  drainTimeoutMs: 2_000,
  sweepPeriodMs: 1_000,
  systemTopicsPeriodMs: 10_000,
} as const;
