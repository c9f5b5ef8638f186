import type { Scalar } from '../types.ts';

/** What a device is or should be like: properties as it reports them (`relay_state`, `fanSpeed`). */
export type StateMap = Readonly<Record<string, Scalar>>;

/** Which values an action takes. */
export type ValueRange =
  | {
      readonly type: 'integer' | 'number';
      readonly minimum: number;
      readonly maximum: number;
      readonly unit?: string;
    }
  | { readonly type: 'boolean' }
  | { readonly type: 'choice'; readonly options: readonly string[] }
  | { readonly type: 'text'; readonly max_length: number }
  | { readonly type: 'object' };

/** What a property is once the action is done: a plain value, or one that follows from the action's. */
export type Effect =
  | Scalar
  /** The action's value itself. */
  | { readonly from: 'value' }
  /** Whether the action's value is above zero: a fan at 0 is off. */
  | { readonly above_zero: 'value' };

export interface ActionDefinition {
  readonly name: string;
  readonly label: string;
  /** Absent for an action without a value. */
  readonly value?: ValueRange;
  /** Properties that are so once the action is done; none for one that leaves nothing behind. */
  readonly sets?: Readonly<Record<string, Effect>>;
  /** A boolean property that the action turns over; it is resolved to an absolute action before it is sent. */
  readonly toggles?: string;
}

export interface MetricDefinition {
  readonly name: string;
  readonly label: string;
  /** `W`, `°C`, `%`; empty for what has none. */
  readonly unit: string;
  /** Whether its values are kept encrypted, and shown to those alone who may see what is sensitive. */
  readonly sensitive?: boolean;
}

/** A kind of device as data: what can be done with it and what it tells. JSON as REST shows it. */
export interface TypeDefinition {
  readonly type: string;
  readonly label: string;
  readonly actions: readonly ActionDefinition[];
  readonly metrics: readonly MetricDefinition[];
  /** The property that says whether the device is on, and the actions that make it so. */
  readonly power?: { readonly property: string; readonly on: string; readonly off: string };
  /** How often a command without an answer is tried, and how long each try waits. */
  readonly retry: { readonly attempts: number; readonly interval_seconds: number };
  readonly built_in: boolean;
}

/** What a value of an action may be: a plain value, or a JSON object for `setConfig`. */
export type ActionValue = Scalar | null | { readonly [name: string]: unknown };

/** An action as someone asked for it. */
export interface Action {
  readonly action: string;
  readonly value?: ActionValue | undefined;
}
