import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { freePort, isFreePort, requireFreePort } from './ports.ts'
import { erasePostgres, preparePostgresHome, type PostgresHome } from './postgres-home.ts'
import { processCommand } from './process-identity.ts'
import type { Progress } from './progress.ts'
import { startService, type Service, type ServiceEnd } from './service.ts'

/** What `startPostgres` needs. */
export interface PostgresOptions {
  /** Keeps the data between starts. Made when missing. */
  folder: string
  /** Default: the one of the last start if it is free, else any free one. */
  port?: number
  /** False: the folder is emptied first and nothing waits for the disk, for tests. Default true. */
  durable?: boolean
  progress: Progress
  /** Gives the start up and stops what it has started. */
  signal?: AbortSignal
}

/** An embedded Postgres that takes connections, with an empty or kept database `onset`. */
export interface RunningPostgres {
  url: string
  port: number
  pid: number
  ended: Promise<ServiceEnd>
  stop(): Promise<void>
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  // No socket: its path could be longer than the 107 bytes that the system allows.
  unix_socket_directories: '',
  max_connections: '200',
  max_wal_size: '4GB',
  wal_compression: 'on',
  timezone: 'UTC',
  // The lines that are kept for an error message should be worth reading.
  log_checkpoints: 'off',
}
const NOT_DURABLE = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }

// Recovery after a crash reads back up to max_wal_size of log.
const READY_WITHIN_MS = 120_000

/** Starts Postgres from the packages, after a crash with everything that was committed. */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { folder, durable = true, progress, signal } = options
  return progress('Postgres', async (say) => {
    if (!durable) erasePostgres(folder)
    const home = preparePostgresHome(folder)
    await endLeftOver(home)
    if (!existsSync(join(home.folder, 'data'))) {
      say('creating the database')
      await initialise(home)
    }
    say('starting')
    const port = await choosePort(home, options.port)
    const password = readFileSync(passwordFile(home), 'utf8')
    const url = `postgres://onset:${password}@127.0.0.1:${port}/`
    const service = await launch({ home, port, durable, url, signal })
    await createDatabase(`${url}postgres`)
    const { ended, pid = 0 } = service
    return { url: `${url}onset`, port, pid, ended, stop: () => service.stop() }
  })
}

interface Launch {
  home: PostgresHome
  port: number
  durable: boolean
  url: string
  signal: AbortSignal | undefined
}

async function launch({ home, port, durable, url, signal }: Launch): Promise<Service> {
  const settings = { ...SETTINGS, ...(durable ? {} : NOT_DURABLE), port: String(port) }
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  for (let attempt = 1; ; attempt += 1) {
    const service = startService({
      ...home.as,
      name: 'Postgres',
      command: join(home.bin, 'postgres'),
      args: ['-D', join(home.folder, 'data'), ...args],
      // "Fast" shutdown: open transactions are rolled back, clients are not waited for.
      stopSignal: 'SIGINT',
    })
    const givenUp = new AbortController()
    const either = AbortSignal.any([givenUp.signal, ...(signal ? [signal] : [])])
    const outcome = await Promise.race([service.ended, ready(`${url}postgres`, either)])
    givenUp.abort()
    if (outcome === 'ready') return service
    await service.stop()
    signal?.throwIfAborted()
    if (outcome instanceof Error) throw outcome
    // After a kill its last children need a moment to notice.
    if (attempt === 50 || !/still in use|another postmaster/.test(outcome.message)) {
      throw new Error(outcome.message)
    }
    await sleep(200)
  }
}

async function ready(url: string, signal: AbortSignal): Promise<'ready' | Error> {
  const deadline = Date.now() + READY_WITHIN_MS
  let last: unknown
  while (Date.now() < deadline && !signal.aborted) {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.end()
      return 'ready'
    } catch (error) {
      last = error
      if (/password authentication failed/.test(String(error))) break
      await sleep(30)
    }
  }
  return new Error('Postgres was started but takes no connection.', { cause: last })
}

async function createDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rowCount } = await client.query(`select from pg_database where datname = 'onset'`)
    if (rowCount === 0) await client.query('create database onset')
  } finally {
    await client.end()
  }
}

/** Made under another name: a start that is broken off here leaves nothing half-made behind. */
async function initialise(home: PostgresHome): Promise<void> {
  const unfinished = join(home.folder, 'unfinished')
  rmSync(unfinished, { recursive: true, force: true })
  const secret = passwordFile(home)
  writeFileSync(secret, randomBytes(24).toString('base64url'), { mode: 0o600 })
  if (home.as.uid !== undefined) chownSync(secret, home.as.uid, home.as.gid ?? home.as.uid)
  const args = ['-D', unfinished, '-U', 'onset', '--auth=scram-sha-256', `--pwfile=${secret}`]
  args.push('--encoding=UTF8', '--no-locale', '--no-sync')
  await run(home, 'initdb', args)
  renameSync(unfinished, join(home.folder, 'data'))
}

/** A server that outlived its start holds the data; one that was killed leaves a file that names somebody else by now. */
async function endLeftOver(home: PostgresHome): Promise<void> {
  const data = join(home.folder, 'data')
  const pidFile = join(data, 'postmaster.pid')
  if (!existsSync(pidFile)) return
  const [pid] = readFileSync(pidFile, 'utf8').split('\n')
  if (processCommand(Number(pid))?.includes(data) !== true) return rmSync(pidFile, { force: true })
  await run(home, 'pg_ctl', ['stop', '-D', data, '-m', 'fast', '-w', '-t', '60'])
}

async function run(home: PostgresHome, program: string, args: string[]): Promise<void> {
  const service = startService({
    ...home.as,
    name: program,
    command: join(home.bin, program),
    args,
  })
  const { code, message } = await service.ended
  if (code !== 0) throw new Error(message)
}

async function choosePort(home: PostgresHome, wanted?: number): Promise<number> {
  if (wanted !== undefined) {
    await requireFreePort({ port: wanted, purpose: 'Postgres', setting: 'POSTGRES_PORT' })
    return wanted
  }
  const file = join(home.folder, 'port')
  const last = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
  if (last > 0 && (await isFreePort(last))) return last
  const port = await freePort()
  writeFileSync(file, String(port))
  return port
}

function passwordFile(home: PostgresHome): string {
  return join(home.folder, 'password')
}
