export { Broker, type BrokerOptions, type Publication } from './broker.ts';
export type { BrokerStats } from './counters.ts';
export type { BrokerLimits } from './limits.ts';
export type { BoundAddress, ListenOptions } from './listeners/listener.ts';
export type { ServerCredentials, TlsListenOptions } from './listeners/tls.ts';
export type { WebSocketOrigin } from './listeners/websocket.ts';
export type {
  Accept,
  ConnectAttempt,
  DeniedAttempt,
  DirectMessage,
  DirectOutcome,
  Gate,
  Identity,
  InboundMessage,
  PublishGrant,
  Refusal,
  Transport,
} from './ports.ts';
export type { StoreIncident } from './store/open.ts';
