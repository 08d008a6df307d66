import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { afterAll } from 'vitest'
import { freePort } from '../../dev/ports.ts'
import { erasePostgres } from '../../dev/postgres-home.ts'
import { type RunningPostgres, startPostgres } from '../../dev/postgres.ts'
import type { Progress } from '../../dev/progress.ts'
import { type Service, startService } from '../../dev/service.ts'
import { type RunningTemporal, startTemporal } from '../../dev/temporal.ts'
import type { Run } from '../../src/contracts/run.ts'
import { searchAttributes } from '../../src/contracts/names.ts'
import { github } from '../../src/triggers/webhook/presets/github.ts'
import type { Role } from '../../src/variables.ts'
import { secrets, until } from '../house.ts'

/** Onset as processes, on servers of its own that a test may end, pause and bring back. */
export interface Machine {
  url: string
  databaseUrl: string
  temporalAddress: string
  postgres: {
    pid(): number
    stop(): Promise<void>
    /** Ends it as `pg_ctl stop -m immediate` does: at once, to be recovered from its log at the next start. */
    stopImmediately(): Promise<void>
    start(): Promise<void>
  }
  temporal: { stop(): Promise<void>; start(): Promise<void> }
  /** Starts a role and resolves once it is ready. */
  start(role: Role): Promise<Service>
  /** Starts a role that answers on a port of its own, beside others of the same role. It may be starting still. */
  launch(role: Role, port: number): Service
  /** Posts a signed GitHub issue. */
  deliver(key: string, issue?: { title: string; body: string }): Promise<Response>
  runs(): Promise<Run[]>
  /** What a statement answers, straight from the database. */
  sql(text: string): Promise<Record<string, unknown>[]>
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const main = join(root, 'src/main.ts')
const quiet: Progress = (_, step) => step(() => undefined)
/** The token of the API. */
export const API_TOKEN = 'a-token-for-tests-only'

/** Opens the servers; call it at the top of a file. Everything ends with the file's tests. */
export async function openMachine(env: NodeJS.ProcessEnv = {}): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), 'onset-test-'))
  const [port, temporalPort, healthPort] = [await freePort(), await freePort(), await freePort()]
  const ports: Record<Role, number> = { serve: port, work: healthPort }
  const services = new Set<Service>()
  let postgres: RunningPostgres = await bringPostgres()
  let temporal: RunningTemporal = await bringTemporal()
  const url = `http://127.0.0.1:${port}`
  const complete: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    DATABASE_URL: postgres.url,
    TEMPORAL_ADDRESS: temporal.address,
    API_TOKEN,
    LLM_PROVIDER: 'scripted',
    SHUTDOWN_GRACE_SECONDS: '5',
    ...secrets,
    ...env,
  }
  afterAll(async () => {
    await Promise.all([...services].map((service) => service.stop()))
    await Promise.all([postgres.stop(), temporal.stop()])
    erasePostgres(join(folder, 'postgres'))
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  return {
    url,
    databaseUrl: postgres.url,
    temporalAddress: temporal.address,
    postgres: {
      pid: () => postgres.pid,
      stop: () => postgres.stop(),
      async stopImmediately() {
        process.kill(postgres.pid, 'SIGQUIT')
        await postgres.ended
      },
      start: async () => void (postgres = await bringPostgres(postgres.port)),
    },
    temporal: {
      stop: () => temporal.stop(),
      start: async () => void (temporal = await bringTemporal()),
    },
    start,
    launch,
    deliver,
    runs,
    sql,
  }

  function bringPostgres(wanted?: number): Promise<RunningPostgres> {
    const where = wanted === undefined ? {} : { port: wanted }
    return startPostgres({ folder: join(folder, 'postgres'), ...where, progress: quiet })
  }

  function bringTemporal(): Promise<RunningTemporal> {
    const store = { file: join(folder, 'temporal.db') }
    const options = { store, port: temporalPort, searchAttributes, progress: quiet }
    return startTemporal({ ...options, env: process.env })
  }

  async function start(role: Role): Promise<Service> {
    const service = launch(role, ports[role])
    let over: string | undefined
    void service.ended.then(({ message }) => (over = message))
    await until(
      `${role} to be ready`,
      async () => {
        if (over !== undefined) throw new Error(over)
        return (await fetch(`http://127.0.0.1:${ports[role]}/readyz`).catch(() => null))?.ok
      },
      { timeoutMs: 60_000 },
    )
    return service
  }

  function launch(role: Role, at: number): Service {
    const service = startService({
      name: role,
      command: process.execPath,
      args: [main, role],
      cwd: root,
      env: { ...complete, [role === 'serve' ? 'PORT' : 'HEALTH_PORT']: String(at) },
    })
    services.add(service)
    void service.ended.then(() => services.delete(service))
    return service
  }

  async function deliver(
    key: string,
    issue: { title: string; body: string } = { title: 'A typo', body: '' },
  ): Promise<Response> {
    const { url: to, ...request } = github('').compose({
      type: 'issues.opened',
      data: {
        action: 'opened',
        issue: { number: 7, ...issue },
        repository: { full_name: 'acme/widgets' },
      },
      id: key,
      now: new Date(),
      url: `${url}/hooks/github`,
      secret: secrets.GITHUB_WEBHOOK_SECRET,
    })
    return fetch(to, request)
  }

  async function runs(): Promise<Run[]> {
    const headers = { authorization: `Bearer ${API_TOKEN}` }
    const response = await fetch(`${url}/api/runs?limit=200`, { headers })
    return JSON.parse(await response.text()).runs
  }

  async function sql(text: string): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: postgres.url })
    await client.connect()
    try {
      return (await client.query(text)).rows
    } finally {
      await client.end()
    }
  }
}
