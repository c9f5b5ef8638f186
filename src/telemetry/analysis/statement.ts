import {
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  StatementType,
} from '@duckdb/node-api';
import { HearthError, messageOf } from '#kernel';
import { quoted } from './database.ts';

/** What stands at the beginning of what does more than read. */
const acting = new Set(
  `alter analyze attach begin call checkpoint comment commit copy create deallocate delete detach drop
   execute export import insert install load merge pragma prepare reset rollback set start truncate
   update use vacuum`.split(/\s+/),
);

/** Functions that stand where tables do and look at nothing but what they are given. */
const harmless = new Set(
  `duckdb_columns duckdb_functions duckdb_keywords duckdb_tables duckdb_types generate_series histogram
   histogram_values icu_calendar_names json_each json_tree pg_timezone_names pragma_version range repeat
   repeat_row summary unnest`.split(/\s+/),
);

/**
 * The statement ready to be run. What it may is for the database to say, which has no files and no
 * settings for it; this says in plain words what is not done here, and holds whatever the database
 * would let through.
 * @throws HearthError `unprocessable` for anything but one statement that reads.
 */
export async function prepare(
  connection: DuckDBConnection,
  sql: string,
): Promise<DuckDBPreparedStatement> {
  const word = firstWord(sql);
  if (word === '') throw refusal('there is no statement', 'select count(*) from telemetry');
  if (acting.has(word)) throw onlyReading(word.toUpperCase());
  try {
    // EXPLAIN ANALYZE does what it explains: that is looked at too.
    const explained = /^explain\s+(?:analyze\s+)?(?:\([\w\s,]*\)\s+)?/i.exec(withoutComments(sql));
    if (word === 'explain' && explained !== null) {
      const rest = withoutComments(sql).slice(explained[0].length);
      await prepareOne(connection, rest, [StatementType.SELECT]);
      await checkFunctions(connection, rest);
      return await prepareOne(connection, sql, [StatementType.EXPLAIN]);
    }
    const prepared = await prepareOne(connection, sql, [StatementType.SELECT]);
    await checkFunctions(connection, sql);
    return prepared;
  } catch (error) {
    throw spoken(error);
  }
}

async function prepareOne(
  connection: DuckDBConnection,
  sql: string,
  allowed: readonly StatementType[],
): Promise<DuckDBPreparedStatement> {
  const statements = await connection.extractStatements(sql);
  if (statements.count !== 1) throw severalStatements(sql);
  const prepared = await statements.prepare(0);
  if (!allowed.includes(prepared.statementType)) {
    throw onlyReading(StatementType[prepared.statementType] ?? 'this');
  }
  if (prepared.parameterCount > 0) {
    throw refusal('a statement has no parameters here', 'Write values as they are.');
  }
  return prepared;
}

/** Looks at the tree that DuckDB makes of a SELECT, in which no function can hide. */
async function checkFunctions(connection: DuckDBConnection, sql: string): Promise<void> {
  const reader = await connection.runAndReadAll(
    `SELECT json_serialize_sql(${quoted(sql)}::VARCHAR)::VARCHAR`,
  );
  const tree: unknown = JSON.parse(String(reader.getRows()[0]?.[0]));
  if ((tree as { error?: unknown }).error !== false) throw onlyReading('this');
  const { functions, tables } = sourcesIn(tree);
  const strange = functions.find((name) => !harmless.has(name));
  if (strange !== undefined) throw refusal(`${strange}() is not for statements here`, whatThereIs);
  // The files behind the views may be read, and hold what was deleted a moment ago and what is sealed.
  if (tables.some((name) => /[/\\.:*?[\]]/.test(name))) throw noFiles();
}

const whatThereIs = 'There are telemetry, rollup_1m, rollup_1h, rollup_1d, devices and commands.';

const noFiles = (): HearthError =>
  refusal('SQL reads no files, no addresses and no settings of this machine', whatThereIs);

/** The names of tables, and of functions that stand where a table does. */
function sourcesIn(
  node: unknown,
  found: { functions: string[]; tables: string[] } = { functions: [], tables: [] },
) {
  if (typeof node !== 'object' || node === null) return found;
  const {
    type,
    table_name,
    function: call,
  } = node as {
    type?: unknown;
    table_name?: unknown;
    function?: { function_name?: string };
  };
  if (type === 'TABLE_FUNCTION') {
    found.functions.push(String(call?.function_name ?? 'this').toLowerCase());
  }
  if (type === 'BASE_TABLE') found.tables.push(String(table_name));
  for (const below of Object.values(node)) sourcesIn(below, found);
  return found;
}

/** An error of DuckDB in its own words, for they help; without where this machine keeps its files. */
export function spoken(error: unknown): unknown {
  if (error instanceof HearthError) return error;
  const message = messageOf(error).trim();
  if (/^Permission Error|file system operations are disabled/i.test(message)) {
    return noFiles();
  }
  if (/^Out of Memory Error|max_temp_directory_size/i.test(message)) {
    return refusal(
      'this takes more memory than a statement may',
      'Ask for less time, for fewer devices, or for sums (rollup_1h) instead of readings.',
    );
  }
  // With its lines: the last has a mark under the place that is meant.
  const said = message.replaceAll(/(?:\/[\w.@+-]+){2,}/g, '…').slice(0, 2000);
  const isMisspelt = /^Parser Error/i.test(said);
  return refusal(
    said,
    isMisspelt ? undefined : 'hearth sql "describe telemetry" shows the columns of a table.',
  );
}

export const withoutComments = (sql: string): string => {
  let rest = sql;
  for (;;) {
    const shorter = rest.replace(/^(?:[\s;]+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)/, '');
    if (shorter === rest) return rest;
    rest = shorter;
  }
};

const firstWord = (sql: string): string =>
  (/^\w+|^[^\s]/.exec(withoutComments(sql))?.[0] ?? '').toLowerCase();

function severalStatements(sql: string): HearthError {
  if (/\bpivot\b/i.test(sql)) {
    return refusal(
      'PIVOT has to name its columns here',
      "Write them: PIVOT telemetry ON metric IN ('power', 'voltage') USING avg(value).",
    );
  }
  return refusal('one statement at a time', 'Send them one after the other.');
}

const onlyReading = (what: string): HearthError =>
  refusal(
    `${what} is not done here: SQL only reads`,
    'Begin with SELECT, WITH, FROM, VALUES, PIVOT, DESCRIBE, SHOW TABLES, SUMMARIZE or EXPLAIN.',
  );

const refusal = (message: string, hint?: string): HearthError =>
  new HearthError('unprocessable', message, { field: 'sql', ...(hint !== undefined && { hint }) });
