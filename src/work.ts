import type { Hono } from 'hono'
import type { Logger } from 'pino'
import { createCallModel } from './activities/call-model.ts'
import { type Activities, createActivities } from './activities/index.ts'
import { openAnswering } from './answering.ts'
import { answerFault } from './api/faults.ts'
import { createProbeRoutes } from './api/probes.ts'
import type { Config } from './config.ts'
import type { House } from './house.ts'
import { listen } from './http.ts'
import { createWorkReadiness } from './readiness.ts'
import type { ChatProvider } from './providers/chat.ts'
import { createCancellations } from './runs/cancel.ts'
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
  config: Config
  env: NodeJS.ProcessEnv
  log: Logger
  /** Workflow code other than this repository's. */
  workflows?: WorkflowCode
  /** Answers everything, whoever is configured to. */
  model?: ChatProvider
  /** Called as the activity of a model call begins, within it. */
  onModelCall?(): void
}

/** The role `work`: carries out runs. Resolves once its workers poll. */
export async function work(
  house: House,
  { config, env, log, workflows, model, onModelCall }: WorkOptions,
): Promise<Worker> {
  const { pool, runLog, temporal } = house
  const answering = await openAnswering(house, { config, env, log, model })
  const cancellations = createCancellations({ pool, log })
  const reports = createReportSinks(runLog, log)
  const callModel = createCallModel({
    answer: answering.answer,
    onCancel: cancellations.onCancel,
  })
  const activities: Activities = {
    ...createActivities({ pool, log }),
    callModel(call) {
      onModelCall?.()
      return callModel(call)
    },
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
    dataConverter: temporal.dataConverter,
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
      await Promise.all([answering.close(), cancellations.close()])
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
