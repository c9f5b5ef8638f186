import { z } from 'zod';
import type { ActionValue, Device, DeviceChange, Scalar } from '#devices';

const devices = z.array(z.string().min(1).max(64)).min(1).max(1000);
const metrics = z.array(z.string().min(1).max(128)).min(1).max(200);

/** What a client may say. */
export const clientMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('auth'), token: z.string().min(1).max(2048) }),
  /** `*` stands for every device; without `metrics` all of them are meant. */
  z.object({ type: z.literal('subscribe'), devices, metrics: metrics.optional() }),
  z.object({ type: z.literal('unsubscribe'), devices }),
  z.object({ type: z.literal('ping') }),
]);
export type ClientMessage = z.infer<typeof clientMessage>;

/** Something else than a reading changed: a command moved on, an override began, an alert was raised. */
export type LiveEvent =
  | {
      readonly type: 'command';
      readonly command: {
        readonly id: string;
        readonly device_id: string;
        readonly status: string;
        readonly value?: ActionValue;
      };
    }
  | {
      readonly type: 'override';
      readonly override: { readonly id: string; readonly device_id: string };
    }
  | {
      readonly type: 'schedule';
      readonly change: 'created' | 'updated' | 'removed';
      readonly schedule: { readonly id: string; readonly device_id: string | null };
    }
  | { readonly type: 'config'; readonly config: { readonly device_id: string } }
  | {
      readonly type: 'group' | 'scene';
      readonly change: 'created' | 'updated' | 'removed';
      readonly id: string;
    }
  | {
      readonly type: 'device_type';
      readonly change: 'created' | 'updated' | 'removed';
      readonly device_type: { readonly type: string };
    }
  | {
      readonly type: 'alert';
      readonly alert: { readonly id: string; readonly device_id: string | null };
    };

/**
 * The devices that an event tells of, as far as it names them: without any, it is for those alone who
 * see the whole home. Of groups and what is for them, whoever announces it says the devices.
 */
export function devicesOf(event: LiveEvent): readonly string[] {
  const named = (deviceId: string | null) => (deviceId === null ? [] : [deviceId]);
  switch (event.type) {
    case 'command':
      return named(event.command.device_id);
    case 'override':
      return named(event.override.device_id);
    case 'schedule':
      return named(event.schedule.device_id);
    case 'config':
      return named(event.config.device_id);
    case 'alert':
      return named(event.alert.device_id);
    default:
      return [];
  }
}

/**
 * What an event is about: a later event about the same takes its place while it waits to be sent.
 * Every status of a command is a thing of its own; it has five at most on its way, for none returns.
 */
export function subjectOf(event: LiveEvent): string {
  switch (event.type) {
    case 'command':
      return `command ${event.command.id} ${event.command.status}`;
    case 'override':
      return `override ${event.override.id}`;
    case 'schedule':
      return `schedule ${event.schedule.id}`;
    case 'config':
      return `config ${event.config.device_id}`;
    case 'device_type':
      return `device_type ${event.device_type.type}`;
    case 'alert':
      return `alert ${event.alert.id}`;
    default:
      return `${event.type} ${event.id}`;
  }
}

/** What the hub says. Times are ISO 8601 UTC. */
export type ServerMessage =
  | LiveEvent
  | {
      readonly type: 'welcome';
      readonly server_time: string;
      readonly home: string;
      readonly devices: readonly Device[];
      /** The ids of those that a guest may control; null for whoever sees the whole home. */
      readonly controls: readonly string[] | null;
    }
  | {
      readonly type: 'telemetry';
      readonly device_id: string;
      readonly timestamp: string;
      readonly values: Readonly<Record<string, Scalar>>;
    }
  | {
      readonly type: 'device';
      readonly change: DeviceChange['change'];
      readonly device: Device;
    }
  | {
      readonly type: 'subscribed';
      readonly devices: readonly string[];
      readonly metrics?: readonly string[];
    }
  | { readonly type: 'unsubscribed'; readonly devices: readonly string[] }
  | { readonly type: 'pong'; readonly server_time: string }
  | { readonly type: 'error'; readonly code: string; readonly message: string };

/** Reads one message; the answer says what is wrong with one that cannot be read. */
export function readClientMessage(text: string): ClientMessage | { readonly wrong: string } {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { wrong: 'this is not JSON' };
  }
  const result = clientMessage.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  return { wrong: `${issue?.path.join('.') || 'message'}: ${issue?.message}` };
}
