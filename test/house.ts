import { afterAll, inject } from 'vitest'
import pino from 'pino'
import { z } from 'zod'
import type { Run } from '../src/contracts/run.ts'
import { type House, openHouse } from '../src/house.ts'
import { serve } from '../src/serve.ts'
import { sourceSecrets } from '../src/source-secrets.ts'
import { readConfig } from '../src/config.ts'
import { defineSource, type Source, type Trigger } from '../src/triggers/define.ts'
import { installRuntime } from '../src/telemetry/runtime.ts'
import { bus } from '../src/triggers/bus/bus.ts'
import { sources as ownSources } from '../src/triggers/sources/index.ts'
import { type Worker, work } from '../src/work.ts'
import { freePort } from '../dev/ports.ts'
import { createDatabase, createNamespace, type TestNamespace } from './harness.ts'

/** Onset in this process, on a database and a namespace of its own, with real servers below. */
export interface TestHouse {
  house: House
  namespace: TestNamespace
  url: string
  /** What a process of its own needs to join in. */
  env: NodeJS.ProcessEnv
  /** Starts a worker; closed after the file's tests if not before. */
  startWorker(): Promise<Worker>
  /** Calls the API as the default tenant. */
  call(path: string, request?: { body?: unknown; method?: string }): Promise<Answer>
  /** Posts an internal event and answers the id of the run that it started. */
  startRun(type: string, data: unknown): Promise<string>
  /** The run, once it is as asked for. */
  runThat(id: string, isAsExpected: (run: Run) => boolean): Promise<Run>
}

interface Answer {
  status: number
  headers: Headers
  // Tests say what they expect of it.
  // oxlint-disable-next-line typescript/no-explicit-any
  body: any
}

const API_TOKEN = 'a-token-for-tests-only'
const silent = pino({ level: 'silent' })
// Once per process, whichever file comes first: the SDK knows only one.
const flags: { runtimeInstalled?: true } = z.custom<object>().parse(globalThis)
if (flags.runtimeInstalled === undefined) installRuntime({ log: silent, metricsAddress: undefined })
flags.runtimeInstalled = true

/** Secrets with which the tests sign. */
export const secrets = {
  GITHUB_WEBHOOK_SECRET: 'a secret for tests only',
  REVIEWS_WEBHOOK_SECRET: 'whsec_YSBzZWNyZXQgZm9yIHRlc3RzIG9ubHk=',
}

/** A source of events by the API for triggers of tests. */
export const internal: Source = defineSource({ name: 'internal', kind: bus() })

/** Opens Onset with these triggers. Call it at the top of a file. */
export async function openTestHouse({
  catalogue,
  sources = ownSources,
  env = {},
}: {
  catalogue: Record<string, Trigger>
  sources?: Source[]
  env?: NodeJS.ProcessEnv
}): Promise<TestHouse> {
  const { url: databaseUrl } = await createDatabase()
  const namespace = await createNamespace()
  const complete = {
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: namespace.address,
    TEMPORAL_NAMESPACE: namespace.namespace,
    PORT: String(await freePort()),
    API_TOKEN,
    LLM_PROVIDER: 'scripted',
    SHUTDOWN_GRACE_SECONDS: '5',
    ...secrets,
    ...env,
  }
  const config = readConfig(complete, {
    roles: ['serve', 'work'],
    secrets: sourceSecrets(sources),
  })
  const house = await openHouse({
    config,
    env: complete,
    sources,
    catalogue,
    eager: false,
    log: silent,
  })
  const server = await serve(house, { config, sources, log: silent })
  const workers = new Set<Worker>()
  afterAll(async () => {
    await server.close()
    await Promise.all([...workers].map((worker) => worker.close()))
    await house.close()
  }, 30_000)
  await house.setUp

  return { house, namespace, url: server.url, env: complete, startWorker, call, startRun, runThat }

  async function startWorker(): Promise<Worker> {
    const codePath = inject('workflowBundlePath')
    const worker = await work(house, {
      config,
      env: complete,
      log: silent,
      workflows: { workflowBundle: { codePath } },
    })
    workers.add(worker)
    return {
      failed: worker.failed,
      async close() {
        workers.delete(worker)
        await worker.close()
      },
    }
  }

  async function call(
    path: string,
    {
      body,
      method = body === undefined ? 'GET' : 'POST',
    }: { body?: unknown; method?: string } = {},
  ): Promise<Answer> {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${API_TOKEN}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, headers: response.headers, body: await response.json() }
  }

  async function startRun(type: string, data: unknown): Promise<string> {
    const accepted = await call('/api/events', { body: { type, data } })
    return until(`a run of ${type}`, async () => {
      const event = await call(`/api/events/${accepted.body.id}`)
      return event.body.dispatches[0]?.runId
    })
  }

  async function runThat(id: string, isAsExpected: (run: Run) => boolean): Promise<Run> {
    return until(`the run ${id}`, async () => {
      const run = await call(`/api/runs/${encodeURIComponent(id)}`)
      return run.status === 200 && isAsExpected(run.body) ? run.body : undefined
    })
  }
}

/** Looks again and again until there is something to see. Rejects after 15 s, naming what was waited for. */
export async function until<Found>(
  what: string,
  look: () => Promise<Found | undefined | null | false>,
  { timeoutMs = 15_000 }: { timeoutMs?: number } = {},
): Promise<Found> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== null && found !== false) return found
    if (Date.now() > deadline) throw new Error(`Waited for ${what} in vain.`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}
