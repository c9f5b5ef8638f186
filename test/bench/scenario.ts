export interface ScenarioContext {
  /** An empty data directory. */
  readonly directory: string;
  /** How long a load lasts. */
  readonly seconds: number;
  /** How much history is loaded. */
  readonly days: number;
}

export type Goal = readonly [
  name: string,
  measured: number,
  sense: 'under' | 'at least',
  limit: number,
];

export interface Outcome {
  readonly title: string;
  readonly rows: readonly (readonly [name: string, value: string | number])[];
  readonly goals: readonly Goal[];
}

export interface Scenario {
  readonly name: string;
  run(context: ScenarioContext): Promise<Outcome>;
}

export const isMet = ([, measured, sense, limit]: Goal): boolean =>
  sense === 'under' ? measured < limit : measured >= limit;
