/** Who hears of what: news from one part of a hub to another. */
import { devicesOfScene } from '#groups';
import type { Log } from '#kernel';
import type { Identity } from '#mqtt';
import type { Parts } from './parts.ts';

export interface NewsOptions {
  readonly log: Log;
  /** Nobody listens on a port: there is no broker to tell anything. */
  readonly offline: boolean;
}

/** Before the parts start, so that nothing is said to nobody. */
export function connectParts(parts: Parts, options: NewsOptions): void {
  connectDevices(parts, options);
  connectCommands(parts);
  if (!options.offline) connectLiveView(parts);
}

function connectDevices(parts: Parts, { log, offline }: NewsOptions): void {
  const { auth, authority, broker, devices, shares, telemetry } = parts;
  const { commands, deviceConfig, groups, overrides, schedules } = parts;
  telemetry.onSample.listen((samples) => {
    devices.applySamples(samples);
    commands.onSamples(samples);
    deviceConfig.onSamples(samples);
    schedules.onSamples(samples);
  });
  telemetry.onErased.listen((erased) => devices.forgetReadings(erased));
  devices.onStatus.listen((status) => {
    commands.onStatus(status);
    deviceConfig.onStatus(status);
    schedules.onStatus(status);
  });
  devices.onReachable.listen(({ deviceId }) => {
    // A command that waits goes first; then what should hold now, which may not need it any more.
    commands.onReachable(deviceId);
    deviceConfig.onReachable(deviceId);
    schedules.onReachable(deviceId);
  });
  devices.onEvicted.listen((identity) => broker.disconnect(identity));
  devices.onRemoved.listen((id) => {
    telemetry.forget(id);
    overrides.forget(id);
    schedules.onDeviceRemoved(id);
    deviceConfig.forget(id);
    groups.forget(id);
    commands.forget(id);
    shares.onDeviceRemoved(id);
    if (!offline) forgetSessions({ kind: 'device', name: id });
  });
  devices.onRoomRemoved.listen((id) => shares.onRoomRemoved(id));
  auth.people.onChange.listen(({ change, person }) => {
    if (change === 'removed') shares.onPersonRemoved(person.id);
  });
  authority.onVoided.listen(({ deviceId }) =>
    broker.disconnect({ kind: 'device', name: deviceId }),
  );
  authority.onServerCertificate.listen(() =>
    broker.setServerCredentials(authority.serverCredentials(), authority.caPem),
  );

  function forgetSessions(identity: Identity): void {
    broker.forget(identity).catch((error) => {
      log.error({ err: error, identity }, 'stored sessions were not forgotten');
    });
  }
}

function connectCommands(parts: Parts): void {
  const { alerts, audit, commands, deviceConfig, due, groups, overrides } = parts;
  const { schedules, signing, telemetry } = parts;
  commands.onChange.listen((command) => {
    overrides.onCommand(command);
    deviceConfig.onCommand(command);
    schedules.onCommand(command);
  });
  commands.onOtherAck.listen((ack) => deviceConfig.onOtherAck(ack));
  groups.onChange.listen(({ groupId }) => schedules.onGroupChanged(groupId));
  commands.onStrayAnswer.listen((answer) => telemetry.quarantine.add(answer));
  due.onPlausible.listen(() => {
    schedules.settleAfterBoot();
    commands.onClockBelieved();
  });
  for (const signal of [audit.onAlert, commands.onAlert, signing.onAlert, telemetry.onAlert]) {
    signal.listen((alert) => alerts.raise(alert));
  }
}

function connectLiveView(parts: Parts): void {
  const { alerts, commands, deviceConfig, devices, groups, overrides, realtime, schedules } = parts;
  commands.onChange.listen((command) => realtime.announce({ type: 'command', command }));
  overrides.onChange.listen((override) => realtime.announce({ type: 'override', override }));
  schedules.onChange.listen((news) => {
    const { device_id, group_id } = news.schedule;
    const members = group_id !== null && groups.exists(group_id) ? groups.members(group_id) : [];
    const about = device_id === null ? members : [device_id];
    realtime.announce({ type: 'schedule', ...news }, about);
  });
  deviceConfig.onChange.listen((config) => realtime.announce({ type: 'config', config }));
  groups.onChange.listen(({ change, groupId: id, group }) =>
    realtime.announce({ type: 'group', change, id }, group.devices),
  );
  groups.scenes.onChange.listen(({ change, sceneId: id, scene }) =>
    realtime.announce({ type: 'scene', change, id }, devicesOfScene(groups, scene)),
  );
  devices.definitions.onChange.listen(({ change, definition }) =>
    realtime.announce({ type: 'device_type', change, device_type: definition }),
  );
  alerts.onRaised.listen((alert) => realtime.announce({ type: 'alert', alert }));
}
