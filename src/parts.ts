/** Every part of a hub, made and handed what it needs. Nothing acts here: see `main.ts` and `news.ts`. */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { Alerts } from '#alerts';
import { Audit } from '#audit';
import { Auth, OpenIdConnect, Passkeys, Shares } from '#auth';
import { Commands } from '#commands';
import type { Config } from '#config';
import { type Db, DueQueue } from '#db';
import { DeviceConfig } from '#device-config';
import { Devices } from '#devices';
import { Groups } from '#groups';
import { HttpServer } from '#http';
import { Join } from '#join';
import type { Clock, Log } from '#kernel';
import { Mail } from '#mail';
import { Broker, type DirectMessage, type StoreIncident } from '#mqtt';
import { LogRing, Ops } from '#ops';
import { Overrides } from '#overrides';
import { Authority } from '#pki';
import { Realtime } from '#realtime';
import { Schedules } from '#schedules';
import { Secrets } from '#secrets';
import { Signing } from '#signing';
import { Exports, Imports, LineProtocol, Sql, Telemetry } from '#telemetry';
import packageJson from '../package.json' with { type: 'json' };
import { brokerLimitsOf, mailSettingsOf, oidcSettingsOf, s3SettingsOf } from './from-config.ts';
import { probesOf, sectionsOf } from './overview.ts';
import { rootRoutesOf, routesOf } from './surfaces.ts';

export interface HubAddresses {
  readonly http: { readonly port: number } | undefined;
  readonly https: { readonly port: number } | undefined;
  readonly mqtts: { readonly port: number } | undefined;
  readonly mqtt: { readonly port: number } | undefined;
}

export interface PartsOptions {
  readonly config: Config;
  readonly log: Log;
  /** The copy of the log that `hearth logs` reads from. */
  readonly logs: LogRing | undefined;
  readonly clock: Clock;
  readonly db: Db;
  /** Where the hub listens, once it does. */
  readonly addresses: () => HubAddresses;
}

export type Parts = ReturnType<typeof makeParts>;

/** Makes the parts from left to right: each knows only those before it. */
export function makeParts({ config, log, logs, clock, db, addresses }: PartsOptions) {
  const named = (name: string) => ({ clock, log: log.child({ part: name }) });
  const secrets = new Secrets({
    keyPath: config['secrets.key_file'] ?? join(config.data, 'hearth.key'),
    hasSealed: () => existsSync(join(config.data, 'audit.key')),
    log: log.child({ part: 'secrets' }),
  });
  const due = new DueQueue({ db, trusted: config['clock.trusted'], ...named('due') });
  // A clock that was reset does not bring back what had ended.
  const notBeforeMs = () => (due.clockIsPlausible ? 0 : due.markAtMs);
  const audit = new Audit({
    db,
    anchor: { vault: secrets, keyPath: join(config.data, 'audit.key') },
    retentionDays: config['audit.retention_days'],
    ...named('audit'),
  });
  const authority = new Authority({
    directory: join(config.data, 'pki'),
    db,
    vault: secrets,
    // The address of the revocation list in certificates: over HTTP, as RFC 5280 §8 asks.
    ...(config['http.port'] > 0 && { crlPort: config['http.port'] }),
    extraNames: config['https.names'],
    ...named('pki'),
  });
  const mailSettings = mailSettingsOf(config);
  const mail =
    mailSettings && new Mail({ settings: mailSettings, log: log.child({ part: 'mail' }) });
  const auth = new Auth({
    db,
    directory: config.data,
    homeName: config['home.name'],
    vault: secrets,
    audit,
    ...(mail && { mail }),
    publicOrigin: () => {
      const port = addresses().https?.port;
      const name = config['https.names'][0] ?? `${hostname()}.local`;
      return port === undefined ? undefined : `https://${name}:${port}`;
    },
    notBeforeMs,
    ...named('auth'),
  });
  const alerts = new Alerts({ db, ...named('alerts') });
  const devices = new Devices({
    db,
    authority,
    auth,
    audit,
    mqttsPort: () => addresses().mqtts?.port,
    notBeforeMs,
    ...named('devices'),
  });
  const joining = new Join({
    db,
    audit,
    alerts,
    auth,
    devices,
    authority,
    mqttsPort: () => addresses().mqtts?.port,
    ...named('join'),
  });
  const ways = { db, audit, people: auth.people, signIns: auth.signIns, proof: auth };
  const passkeys = new Passkeys({ ...ways, homeName: config['home.name'], ...named('passkeys') });
  const oidc = new OpenIdConnect({
    ...ways,
    joins: auth,
    settings: oidcSettingsOf(config),
    ...named('oidc'),
  });
  const shares = new Shares({
    db,
    audit,
    people: auth.people,
    devices,
    notBeforeMs,
    ...named('sharing'),
  });
  const sightOf = shares.sightOf.bind(shares);
  const signing = new Signing({
    db,
    directory: join(config.data, 'signing'),
    devices,
    audit,
    ...named('signing'),
  });
  const telemetry = new Telemetry({
    directory: join(config.data, 'telemetry'),
    db,
    config,
    devices,
    protection: signing,
    vault: secrets,
    audit,
    ...named('telemetry'),
  });
  const lineProtocol = new LineProtocol({ db, clock, telemetry, devices, auth, audit });
  const imports = new Imports({
    db,
    telemetry,
    analysis: telemetry.analysis,
    devices,
    audit,
    ...named('imports'),
  });
  const exports = new Exports({
    directory: resolve(config.data, 'exports'),
    dataDirectory: config.data,
    history: telemetry,
    snapshots: telemetry,
    analysis: telemetry.analysis,
    devices,
    audit,
    s3: s3SettingsOf(config),
    timeZone: config['home.time_zone'],
    freeBytes: config['telemetry.free_disk_mb'] * 1024 ** 2,
    onRevoked: auth.onRevoked,
    ...named('exports'),
  });
  // The broker asks the commands who acknowledged, and the commands speak through the broker.
  const speak = {
    sign: signing.sign.bind(signing),
    send: (message: DirectMessage) => broker.send(message),
  };
  const commands = new Commands({
    db,
    due,
    audit,
    devices,
    ...speak,
    retentionDays: config['commands.retention_days'],
    ...named('commands'),
  });
  const sql = new Sql({ telemetry, audit, devices, commands: (page) => commands.list(page) });
  const broker: Broker = new Broker({
    gate: devices.gate({
      telemetry: (deviceId) => telemetry.acceptFrom(deviceId),
      ack: (deviceId) => commands.accept(deviceId),
      sightOf,
    }),
    directory: join(config.data, 'mqtt'),
    limits: brokerLimitsOf(config),
    onIncident: (incident) => report(incident),
    ...named('mqtt'),
  });
  const groups = new Groups({
    db,
    audit,
    devices,
    commands,
    guardRemoval: (groupId) => schedules.reasonToKeepGroup(groupId),
    ...named('groups'),
  });
  const deviceConfig = new DeviceConfig({
    db,
    due,
    audit,
    devices,
    ...speak,
    ...named('device-config'),
  });
  const schedules: Schedules = new Schedules({
    db,
    due,
    audit,
    devices,
    groups,
    commands,
    overrideOf: (deviceId) => overrides.activeOf(deviceId),
    place: {
      timeZone: config['home.time_zone'],
      latitude: config['home.latitude'],
      longitude: config['home.longitude'],
    },
    ...named('schedules'),
  });
  const overrides: Overrides = new Overrides({
    db,
    due,
    audit,
    devices,
    schedules,
    ...named('overrides'),
  });
  const realtime = new Realtime({
    home: config['home.name'],
    auth: {
      callerOfToken: (token) => auth.callerOfBearer(token),
      onRevoked: auth.onRevoked,
    },
    sightOf,
    onShared: shares.onChange,
    devices,
    telemetry,
    limits: { websockets: config['limits.websockets'] },
    ...named('realtime'),
  });
  const overseen = {
    db,
    audit,
    broker,
    devices,
    telemetry,
    realtime,
    due,
    commands,
    schedules,
    overrides,
  };
  const ops = new Ops({
    version: packageJson.version,
    clock,
    logs: logs ?? new LogRing(),
    probes: probesOf(overseen),
    numbers: {
      mqtt: () => broker.stats(),
      telemetry: () => telemetry.health(),
      devices: () => ({ known: devices.count, online: devices.onlineCount }),
      realtime: () => ({ clients: realtime.count }),
      commands: () => commands.numbers(),
      schedules: () => schedules.numbers(),
      overrides: () => overrides.numbers(),
      due: () => ({ waiting: due.size }),
    },
    sections: { addresses, ...sectionsOf(overseen) },
  });
  const http = new HttpServer({
    config,
    authority,
    auth,
    devices,
    ops,
    sightOf,
    audit,
    secrets,
    rootRoutes: rootRoutesOf({ auth, joining, lineProtocol }),
    routes: routesOf({
      auth,
      passkeys,
      oidc,
      shares,
      audit,
      alerts,
      devices,
      joining,
      signing,
      telemetry,
      exports,
      imports,
      sql,
      commands,
      groups,
      deviceConfig,
      schedules,
      overrides,
    }),
    webDirectory: join(import.meta.dirname, '../web/dist'),
    onWebSocket: {
      '/ws': (ws, visit) => realtime.accept(ws, visit.caller, visit.reauthenticate),
      '/mqtt': (ws, { remoteAddress, certificateDer }) =>
        broker.handleWebSocket(ws, {
          remoteAddress,
          ...(certificateDer && { certificate: certificateDer }),
        }),
    },
    ...named('http'),
  });

  /** The broker opens its store before anyone could read of an incident: telemetry writes it down. */
  function report(incident: StoreIncident): void {
    const at = new Date(clock.nowMs()).toISOString();
    telemetry.report({ at, ...incident }).catch((error) => {
      log.error({ err: error, incident }, 'an incident was not written down');
    });
  }

  return {
    secrets,
    audit,
    authority,
    auth,
    shares,
    due,
    alerts,
    devices,
    joining,
    signing,
    telemetry,
    exports,
    imports,
    commands,
    broker,
    groups,
    deviceConfig,
    schedules,
    overrides,
    realtime,
    ops,
    http,
  };
}
