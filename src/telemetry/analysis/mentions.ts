import type { DuckDBConnection } from '@duckdb/node-api';

const known = ['telemetry', 'rollup_1m', 'rollup_1h', 'rollup_1d', 'devices', 'commands'] as const;
export type TableName = (typeof known)[number];

/**
 * The tables that a statement names. Where DuckDB does not say (it knows no tables of a PIVOT),
 * whatever stands in its text counts.
 */
export function tableNames(connection: DuckDBConnection, sql: string): TableName[] {
  const inText = known.filter((name) => new RegExp(`\\b${name}\\b`, 'i').test(sql));
  let named: readonly string[];
  try {
    named = connection.getTableNames(sql, false).map((name) => name.toLowerCase());
  } catch {
    return inText;
  }
  return named.length === 0 ? inText : known.filter((name) => named.includes(name));
}

/**
 * Whether a statement may want the columns of a rollup that depend on its neighbours. When in doubt
 * it does: they cost time, and leaving them out wrongly would be an error for whoever asks.
 */
export function needsLinks(sql: string): boolean {
  const plain = sql.replaceAll(/\bcount\s*\(\s*\*\s*\)/gi, '');
  return (
    /increase|energy_kwh|time_weighted_avg|\*|columns\s*\(/i.test(plain) ||
    !/\bselect\b/i.test(plain) ||
    /\b(?:summarize|describe|pivot|unpivot|natural)\b/i.test(plain)
  );
}
