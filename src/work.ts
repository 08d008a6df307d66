import { fileURLToPath } from 'node:url'
import type { Hono } from 'hono'
import type { Logger } from 'pino'
import { createCallModel } from './activities/call-model.ts'
import { createActivities } from './activities/index.ts'
import type { ModelChoice } from './activities/answer.ts'
import { answerFault } from './api/faults.ts'
import { createProbeRoutes } from './api/probes.ts'
import type { Config } from './config.ts'
import type { House } from './house.ts'
import { listen } from './http.ts'
import type { Tier } from './models/prompt-file.ts'
import { readPrompts } from './models/prompts.ts'
import { createOpenAi } from './providers/openai.ts'
import { scripted } from './providers/scripted.ts'
import { createWorkReadiness } from './readiness.ts'
import { createReportSinks } from './temporal/sinks.ts'
import { startWorkers, type WorkflowCode } from './temporal/worker.ts'

/** A process that carries out runs. */
export interface Worker {
  /** Rejects when a worker dies of itself. */
  failed: Promise<never>
  /** Lets work in hand finish. */
  close(): Promise<void>
}

interface WorkOptions {
  config: Pick<
    Config,
    | 'HOST'
    | 'HEALTH_PORT'
    | 'LLM_PROVIDER'
    | 'OPENAI_API_KEY'
    | 'OPENAI_BASE_URL'
    | 'LLM_MODEL_FAST'
    | 'LLM_MODEL_STRONG'
    | 'LLM_SCHEMA_MODE'
    | 'LLM_MAX_TOKENS_FIELD'
    | 'LLM_CONCURRENCY'
    | 'LLM_TIMEOUT_SECONDS'
    | 'SHUTDOWN_GRACE_SECONDS'
  >
  log: Logger
  /** Workflow code other than this repository's. */
  workflows?: WorkflowCode
}

// Between two pieces of a stream: no provider is silent for longer while it writes.
const IDLE_TIMEOUT_MS = 30_000

/** The role `work`: carries out runs. Resolves once its workers poll. */
export async function work(house: House, { config, log, workflows }: WorkOptions): Promise<Worker> {
  const { pool, runLog, temporal } = house
  const prompts = readPrompts(fileURLToPath(new URL('../prompts', import.meta.url)))
  const reports = createReportSinks(runLog, log)
  const activities = {
    ...createActivities({ pool, log }),
    callModel: createCallModel({
      pool,
      prompts,
      tiers: tiersOf(config),
      append: runLog.append,
      log,
    }),
  }
  let polling = false
  const health =
    config.HEALTH_PORT === undefined
      ? undefined
      : await listen(probes(house, { isPolling: () => polling, log }), {
          host: config.HOST,
          port: config.HEALTH_PORT,
          setting: 'HEALTH_PORT',
        })

  const { connection } = await temporal.connected()
  await house.setUp
  const workers = await startWorkers({
    connection,
    namespace: temporal.namespace,
    activities,
    reports,
    modelCalls: config.LLM_CONCURRENCY,
    graceMs: config.SHUTDOWN_GRACE_SECONDS * 1_000,
    ...(workflows === undefined ? {} : { workflows }),
  })

  polling = true
  return {
    failed: workers.failed,
    async close() {
      polling = false
      await workers.stop()
      await health?.close()
    },
  }
}

function probes(house: House, { isPolling, log }: { isPolling: () => boolean; log: Logger }): Hono {
  const routes = createProbeRoutes({
    readiness: createWorkReadiness(house, isPolling),
    metrics: house.metrics.read,
  })
  routes.onError((error) => answerFault(error, log))
  return routes
}

function tiersOf(config: WorkOptions['config']): Record<Tier, ModelChoice> {
  if (config.LLM_PROVIDER === 'scripted') {
    const choice = { provider: scripted(), model: 'scripted' }
    return { fast: choice, strong: choice }
  }
  const provider = createOpenAi({
    apiKey: config.OPENAI_API_KEY ?? '',
    baseUrl: config.OPENAI_BASE_URL,
    timeoutMs: config.LLM_TIMEOUT_SECONDS * 1_000,
    idleTimeoutMs: IDLE_TIMEOUT_MS,
    schemaMode: config.LLM_SCHEMA_MODE,
    maxTokensField: config.LLM_MAX_TOKENS_FIELD,
  })
  return {
    fast: { provider, model: config.LLM_MODEL_FAST },
    strong: { provider, model: config.LLM_MODEL_STRONG },
  }
}
