import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Connection } from '@temporalio/client'
import { Client } from 'pg'
import { takeLock } from '../../dev/lock.ts'
import { freePort } from '../../dev/ports.ts'
import { erasePostgres } from '../../dev/postgres-home.ts'
import { startPostgres } from '../../dev/postgres.ts'
import { createProgress } from '../../dev/progress.ts'
import { startBoth } from '../../dev/start-both.ts'
import { startTemporal } from '../../dev/temporal.ts'
import { searchAttributes } from '../../src/contracts/names.ts'

/** The servers of a benchmark: its own, on free ports, with empty state, as durable as those of `npm start`. */
export interface Servers {
  temporalAddress: string
  /** Makes an empty database and answers its URL. */
  createDatabase(name: string): Promise<string>
  /** Asks Postgres for one number. */
  count(databaseUrl: string, query: string): Promise<number>
  /** Throws away what the inbox holds, so that no backlog disturbs the next measurement. */
  emptyInbox(databaseUrl: string): Promise<void>
  /** Kills Temporal without warning. */
  killTemporal(): Promise<void>
  /** Starts Temporal again on the same port and file. */
  restartTemporal(): Promise<void>
  /** What is to be told of them. */
  versions: Record<string, string>
  stop(): Promise<void>
}

const folder = fileURLToPath(new URL('../../.onset/bench', import.meta.url))
const NAMESPACE_READY_MS = 1_000

/** Starts Postgres, with fsync, and a Temporal dev server on a file, with the flags of `npm start`. */
export async function startServers(): Promise<Servers> {
  const lock = await takeLock(`${folder}.pid`)
  erase()
  mkdirSync(folder, { recursive: true })
  const progress = createProgress()
  const port = await freePort()
  const launchTemporal = (signal?: AbortSignal) =>
    startTemporal({
      store: { file: join(folder, 'temporal.db') },
      port,
      searchAttributes,
      progress,
      env: process.env,
      ...(signal && { signal }),
    })
  const { postgres, temporal: first } = await startBoth({
    postgres: (signal) => startPostgres({ folder: join(folder, 'postgres'), progress, signal }),
    temporal: launchTemporal,
  }).catch((error: unknown) => {
    lock.release()
    throw error
  })
  let temporal = first

  return {
    temporalAddress: temporal.address,
    versions: {
      postgres: await ask(postgres.url, 'show server_version'),
      temporal: await temporalVersion(temporal.address),
    },
    async createDatabase(name) {
      await ask(postgres.url, `create database ${name}`)
      const url = new URL(postgres.url)
      url.pathname = `/${name}`
      return url.href
    },
    count: async (url, query) => Number(await ask(url, query)),
    emptyInbox: async (url) => void (await ask(url, 'truncate events, runs cascade')),
    async killTemporal() {
      process.kill(temporal.pid, 'SIGKILL')
      await temporal.ended
    },
    async restartTemporal() {
      temporal = await launchTemporal()
      await sleep(NAMESPACE_READY_MS)
    },
    async stop() {
      await Promise.all([temporal.stop(), postgres.stop()])
      erase()
      lock.release()
    },
  }
}

function erase(): void {
  erasePostgres(join(folder, 'postgres'))
  rmSync(folder, { recursive: true, force: true })
}

async function ask(url: string, query: string): Promise<string> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<string[]>({ text: query, rowMode: 'array' })
    return rows[0]?.[0] ?? ''
  } finally {
    await client.end()
  }
}

async function temporalVersion(address: string): Promise<string> {
  const connection = await Connection.connect({ address })
  try {
    const { serverVersion } = await connection.workflowService.getSystemInfo({})
    return `${serverVersion ?? 'unknown'} (dev server on a SQLite file)`
  } finally {
    await connection.close()
  }
}
