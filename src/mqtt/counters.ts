/** What the broker has counted since it started. Plain numbers, read by `stats()`. */
export class Counters {
  messagesReceived = 0;
  messagesSent = 0;
  bytesReceived = 0;
  bytesSent = 0;
  acknowledged = 0;
  connectsRefused = 0;
  connectsOverLimit = 0;
  tlsFailures = 0;
  protocolViolations = 0;
  denied = 0;
  stalled = 0;
  acceptFailures = 0;
  /** Messages that were let go, by cause. */
  readonly dropped = {
    /** QoS 0, or a copy of a direct message, to a subscriber that does not keep up. */
    slowSubscriber: 0,
    /** QoS > 0 to a connected subscriber whose queue is full. */
    waitingFull: 0,
    /** The oldest of a stored session's queue. */
    queueFull: 0,
    /** Retained messages beyond the bound. */
    retainedFull: 0,
  };
}

export interface BrokerStats {
  readonly connections: number;
  /** Accepted, not yet through CONNECT. */
  readonly handshakes: number;
  readonly sessions: number;
  readonly retained: number;
  readonly subscriptions: number;
  /** PUBLISH packets whose commit or forwarding is under way. */
  readonly pending: number;
  /** Messages sent to subscribers and not yet acknowledged by them. */
  readonly inflight: number;
  readonly messagesReceived: number;
  readonly messagesSent: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly acknowledged: number;
  readonly connectsRefused: number;
  readonly connectsOverLimit: number;
  readonly tlsFailures: number;
  readonly protocolViolations: number;
  readonly denied: number;
  readonly stalled: number;
  readonly acceptFailures: number;
  readonly dropped: Readonly<Counters['dropped']>;
}
