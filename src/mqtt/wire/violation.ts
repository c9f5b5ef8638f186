/**
 * A client broke the protocol. The connection is closed without a reply [MQTT-4.8.0-1]; the message
 * cites the clause, for the log.
 */
export class ProtocolViolation extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ProtocolViolation';
  }
}
