import { messageOf } from '../contracts/message-of.ts'
import { createLog } from '../telemetry/log.ts'
import { within } from '../store/deadline.ts'
import { openPool } from '../store/pool.ts'
import { openTemporal } from '../temporal/connection.ts'

/** Whether something that the server needs can be reached. */
export interface Check {
  name: string
  ok: boolean
  detail: string
}

const PATIENCE_MS = 3_000

/** Tries Postgres and Temporal as the environment names them. */
export const checkServices = (env: NodeJS.ProcessEnv): Promise<Check[]> =>
  Promise.all([
    check('Postgres', () => askPostgres(env)),
    check('Temporal', () => askTemporal(env)),
  ])

async function check(name: string, ask: () => Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, detail: await ask() }
  } catch (error) {
    return { name, ok: false, detail: messageOf(error) }
  }
}

async function askPostgres(env: NodeJS.ProcessEnv): Promise<string> {
  const databaseUrl = env['DATABASE_URL']
  if (!databaseUrl) throw new Error('DATABASE_URL is not set; `npm start` brings its own.')
  const pool = openPool({ databaseUrl, size: 1 })
  try {
    const { rows } = await pool.query<{ version: string }>('show server_version')
    return `answers, version ${Object.values(rows[0] ?? {}).join('')}`
  } finally {
    await pool.end()
  }
}

async function askTemporal(env: NodeJS.ProcessEnv): Promise<string> {
  const temporal = openTemporal({ env, log: createLog('silent') })
  try {
    const { client } = await within(PATIENCE_MS, temporal.address, temporal.connected())
    const { serverVersion } = await client.connection.workflowService.getSystemInfo({})
    return `answers at ${temporal.address}, version ${serverVersion}`
  } finally {
    await temporal.close()
  }
}
