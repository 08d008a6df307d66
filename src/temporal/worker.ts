import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { DataConverter } from '@temporalio/common'
import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker'
import type { Activities } from '../activities/index.ts'
import { DEFAULT_PROFILE, llmTaskQueue, TASK_QUEUE } from '../contracts/names.ts'
import type { ReportSinks } from './sinks.ts'

/** What carries out runs: workflows and light activities on one queue, model calls on another. */
export interface Workers {
  /** Rejects when one of them dies of itself. */
  failed: Promise<never>
  /** Takes no new work and lets what is under way finish, for as long as the grace time says. */
  stop(): Promise<void>
}

interface WorkersOptions {
  connection: NativeConnection
  namespace: string
  dataConverter: DataConverter
  activities: Activities
  reports: ReportSinks
  /** Calls to models under way at once in this process. */
  modelCalls: number
  /** How long model calls may go on after a stop. */
  graceMs: number
  /** The workflows; those of this repository unless a test brings its own. */
  workflows?: WorkflowCode
}

/** Workflow code as the worker takes it: prebuilt, or bundled at start. */
export type WorkflowCode = Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath' | 'interceptors'>

// Waiting runs are replayed when they wake: memory stays flat however many wait.
const CACHED_WORKFLOWS = 200
// Below the heartbeats of model calls: each of them is to bring back a cancellation.
const HEARTBEATS_APART_MS = 500

/** Starts both workers on one connection. */
export async function startWorkers({
  connection,
  namespace,
  dataConverter,
  activities: { callModel, ...light },
  reports,
  modelCalls,
  graceMs,
  workflows = workflowCode(),
}: WorkersOptions): Promise<Workers> {
  const shared = { connection, namespace, dataConverter, shutdownGraceTime: graceMs }
  const workers = await Promise.all([
    Worker.create({
      ...shared,
      ...workflows,
      taskQueue: TASK_QUEUE,
      activities: light,
      sinks: reports.sinks,
      maxCachedWorkflows: CACHED_WORKFLOWS,
    }),
    Worker.create({
      ...shared,
      taskQueue: llmTaskQueue(DEFAULT_PROFILE),
      activities: { callModel },
      maxConcurrentActivityTaskExecutions: modelCalls,
      maxHeartbeatThrottleInterval: HEARTBEATS_APART_MS,
    }),
  ])
  const running = workers.map((worker) => worker.run())
  const failed = new Promise<never>((_, reject) => {
    for (const run of running) run.catch(reject)
  })
  failed.catch(() => undefined)

  return {
    failed,
    async stop() {
      for (const worker of workers) {
        if (worker.getState() === 'RUNNING') worker.shutdown()
      }
      await Promise.allSettled(running)
      await reports.drain()
    },
  }
}

function workflowCode(): WorkflowCode {
  const codePath = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url))
  if (existsSync(codePath)) return { workflowBundle: { codePath } }
  return {
    workflowsPath: fileURLToPath(new URL('../workflows/all.ts', import.meta.url)),
    interceptors: { workflowModules: [interceptorsPath()] },
  }
}

/** The module that workflows are bundled with. */
export function interceptorsPath(): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return fileURLToPath(new URL(`./workflow-interceptors.${extension}`, import.meta.url))
}
