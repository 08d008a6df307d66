import { Client } from '@temporalio/client'
import { NativeConnection } from '@temporalio/worker'
import { z } from 'zod'
import { freePort } from '../../dev/ports.ts'
import { DEFAULT_TENANT } from '../../src/contracts/names.ts'
import { runId } from '../../src/inbox/run-id.ts'
import { startChild } from './child.ts'
import { type Connection, openConnection } from './connection.ts'
import { FirstCall, now } from './first-call.ts'
import { nextDelivery, SECRET } from './webhook.ts'

/** A process that carries out runs: Onset's, or that of a sample. */
export interface Runner {
  /** Opens a connection for webhooks. */
  connect(): Promise<Connection>
  /** Sends a webhook and waits for the end of its run. */
  runOnce(connection: Connection): Promise<RunTimes>
  /** CPU time of the process with all its threads, in microseconds. */
  cpuUs(): Promise<number>
  stop(): Promise<void>
}

/** One run, in milliseconds on one clock. */
export interface RunTimes {
  sentAt: number
  answeredAt: number
  /** When the first activity began. */
  activityAt: number
  /** When the first activity asked the model. */
  modelAt: number
  finishedAt: number
}

/** The two that are compared. */
export type Kind = 'bare' | 'onset'

/** Starts a process with its workers, on free ports. `databaseUrl` is where it keeps its records. */
export async function startRunner(
  kind: Kind,
  {
    temporal,
    databaseUrl,
    roles,
  }: { temporal: BenchTemporal; databaseUrl?: string; roles: 'serve,work' | 'work' },
): Promise<Runner> {
  const port = await freePort()
  const calls = new Map<string, PromiseWithResolvers<FirstCall>>()
  const child = startChild({
    program: `runs-${kind}`,
    env: {
      ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
      TEMPORAL_ADDRESS: temporal.address,
      PORT: String(port),
      ROLES: roles,
      API_TOKEN: 'a-token-for-benchmarks-only',
      GITHUB_WEBHOOK_SECRET: SECRET,
      LLM_PROVIDER: 'scripted',
      LOG_LEVEL: 'silent',
    },
    onNews(news) {
      const call = FirstCall.parse(news)
      firstCallOf(call.workflowId).resolve(call)
    },
  })
  await child.ask({ ask: 'ready' }, z.null())

  return {
    connect: () => openConnection(port),
    async runOnce(connection) {
      const { key, request } = nextDelivery()
      const sentAt = now()
      const { status, body } = await connection.exchange(request)
      const answeredAt = now()
      if (status !== 200) throw new Error(`A webhook was answered ${status} by ${kind}.`)
      const workflowId = kind === 'bare' ? `threeCalls:${key}` : workflowIdOf(body)
      const { activityAt, modelAt } = await firstCallOf(workflowId).promise
      calls.delete(workflowId)
      await temporal.client.workflow.result(workflowId)
      return { sentAt, answeredAt, activityAt, modelAt, finishedAt: now() }
    },
    cpuUs: () => child.ask({ ask: 'cpu' }, z.number()),
    stop: child.stop,
  }

  /** The run may call before its webhook is answered. */
  function firstCallOf(workflowId: string): PromiseWithResolvers<FirstCall> {
    const call = calls.get(workflowId) ?? Promise.withResolvers<FirstCall>()
    calls.set(workflowId, call)
    return call
  }
}

/** The Temporal server of a benchmark, and a client of it. */
export interface BenchTemporal {
  address: string
  client: Client
  close(): Promise<void>
}

/** Connects to it. */
export async function openBenchTemporal(address: string): Promise<BenchTemporal> {
  const connection = await NativeConnection.connect({ address })
  return { address, client: new Client({ connection }), close: () => connection.close() }
}

const Answer = z.object({ id: z.string() })

/** The id of the run that a webhook has started, from the answer to it. */
const workflowIdOf = (answer: string): string =>
  runId({
    workflow: 'threeCalls',
    tenant: DEFAULT_TENANT,
    trigger: 'calls',
    source: 'github',
    eventId: Answer.parse(JSON.parse(answer)).id,
  })
