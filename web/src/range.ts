/** The stretches of time that a chart can show, and how finely each is asked for. */
export interface Range {
  readonly key: '1h' | '24h' | '7d';
  readonly label: string;
  /** For the chart's heading: `the last 24 hours`. */
  readonly words: string;
  readonly lengthS: number;
  readonly interval: string;
  readonly intervalS: number;
  /** How wide the rows of the table beside the chart are. */
  readonly rowS: number;
}

export const hour: Range = {
  key: '1h',
  label: '1 hour',
  words: 'the last hour',
  lengthS: 3600,
  interval: '10s',
  intervalS: 10,
  rowS: 300,
};

export const day: Range = {
  key: '24h',
  label: '24 hours',
  words: 'the last 24 hours',
  lengthS: 86_400,
  interval: '1m',
  intervalS: 60,
  rowS: 3600,
};

export const week: Range = {
  key: '7d',
  label: '7 days',
  words: 'the last 7 days',
  lengthS: 7 * 86_400,
  interval: '10m',
  intervalS: 600,
  rowS: 6 * 3600,
};

export const ranges: readonly Range[] = [hour, day, week];
