import { Pool, types as builtIn } from 'pg'

// Times are ISO 8601 text from the database to the last reader: nothing has to convert a Date on the way.
const TIMESTAMPTZ = 1184
const parseDate = builtIn.getTypeParser(TIMESTAMPTZ)
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === TIMESTAMPTZ
      ? (text: string) => new Date(parseDate(text)).toISOString()
      : builtIn.getTypeParser(oid, format),
}

/**
 * One pool for the whole process. Nothing waits for Postgres longer than 1.5 s to connect or 10 s for a statement.
 * `timestamptz` columns are read as ISO 8601 text.
 */
export function openPool({ databaseUrl, size }: { databaseUrl: string; size: number }): Pool {
  const pool = new Pool({
    connectionString: databaseUrl,
    max: size,
    connectionTimeoutMillis: 1_500,
    statement_timeout: 10_000,
    query_timeout: 12_000,
    application_name: 'onset',
    keepAlive: true,
    types,
  })
  // An idle connection that breaks is replaced at the next query; unheard, its error would end the process.
  pool.on('error', () => undefined)
  return pool
}
