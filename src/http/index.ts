export type { HttpServerOptions } from './server.ts';
export { HttpServer } from './server.ts';
export type { WebSocketHandler, WebSocketHandlers, WebSocketVisit } from './upgrades.ts';
