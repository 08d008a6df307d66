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
import { githubSignature } from '../../src/triggers/webhook/presets/github.ts'
import { secrets, until } from '../house.ts'

/** Onset as processes, on servers of its own that a test may end, pause and bring back. */
export interface Machine {
  url: string
  postgres: { pid(): number; stop(): Promise<void>; start(): Promise<void> }
  temporal: { stop(): Promise<void>; start(): Promise<void> }
  /** Starts a role and resolves once it is ready. */
  start(role: 'serve' | 'work'): Promise<Service>
  /** Posts a signed GitHub issue. */
  deliver(key: string, issue?: { title: string; body: string }): Promise<Response>
  runs(): Promise<Run[]>
  /** What a statement answers, straight from the database. */
  sql(text: string): Promise<Record<string, unknown>[]>
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const main = join(root, 'src/main.ts')
const quiet: Progress = (_, step) => step(() => undefined)
const API_TOKEN = 'a-token-for-tests-only'

/** Opens the servers; call it at the top of a file. Everything ends with the file's tests. */
export async function openMachine(env: NodeJS.ProcessEnv = {}): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), 'onset-test-'))
  const [port, temporalPort, healthPort] = [await freePort(), await freePort(), await freePort()]
  const services = new Set<Service>()
  let postgres: RunningPostgres = await bringPostgres()
  let temporal: RunningTemporal = await bringTemporal()
  const url = `http://127.0.0.1:${port}`
  const complete: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    DATABASE_URL: postgres.url,
    TEMPORAL_ADDRESS: temporal.address,
    PORT: String(port),
    HEALTH_PORT: String(healthPort),
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
    postgres: {
      pid: () => postgres.pid,
      stop: () => postgres.stop(),
      start: async () => void (postgres = await bringPostgres(postgres.port)),
    },
    temporal: {
      stop: () => temporal.stop(),
      start: async () => void (temporal = await bringTemporal()),
    },
    start,
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

  async function start(role: 'serve' | 'work'): Promise<Service> {
    const command = process.execPath
    const service = startService({
      name: role,
      command,
      args: [main, role],
      cwd: root,
      env: complete,
    })
    services.add(service)
    const probe = `http://127.0.0.1:${role === 'serve' ? port : healthPort}/readyz`
    let over: string | undefined
    void service.ended.then(({ message }) => (over = message))
    await until(
      `${role} to be ready`,
      async () => {
        if (over !== undefined) throw new Error(over)
        return (await fetch(probe).catch(() => null))?.ok
      },
      { timeoutMs: 60_000 },
    )
    return service
  }

  async function deliver(
    key: string,
    issue: { title: string; body: string } = { title: 'A typo', body: '' },
  ): Promise<Response> {
    const body = JSON.stringify({
      action: 'opened',
      issue: { number: 7, ...issue },
      repository: { full_name: 'acme/widgets' },
    })
    const headers = githubSignature('').sign(
      Buffer.from(body),
      Buffer.from(secrets.GITHUB_WEBHOOK_SECRET),
      { key, type: 'issues.opened', nowMs: Date.now() },
    )
    return fetch(`${url}/hooks/github`, { method: 'POST', body, headers })
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
