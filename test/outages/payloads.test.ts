import { Client, Connection } from '@temporalio/client'
import { afterAll, expect, test } from 'vitest'
import type { Service } from '../../dev/service.ts'
import type { TriggerEvent } from '../../src/contracts/event.ts'
import { TASK_QUEUE, WAKE_SIGNAL } from '../../src/contracts/names.ts'
import type { Wake } from '../../src/contracts/wait.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPool } from '../../src/store/pool.ts'
import { createDataConverter } from '../../src/temporal/payload-storage.ts'
import { carry } from '../workflows/carry.ts'
import { until } from '../house.ts'
import { openMachine } from './machine.ts'
import { launchWorker } from './workers.ts'

const MEGABYTE = 1_000_000

const machine = await openMachine()
const pool = openPool({ databaseUrl: machine.databaseUrl, size: 5 })
afterAll(() => pool.end())
await migrate(pool)
const connection = await Connection.connect({ address: machine.temporalAddress })
afterAll(() => connection.close())
const client = new Client({ connection, dataConverter: createDataConverter(pool) })

const workers: Service[] = []
afterAll(() => Promise.all(workers.map((worker) => worker.stop())))

function launch(): Service {
  const worker = launchWorker({
    DATABASE_URL: machine.databaseUrl,
    TEMPORAL_ADDRESS: machine.temporalAddress,
    LLM_PROVIDER: 'scripted',
  })
  workers.push(worker)
  return worker
}

const event = <Data>(subject: string, data: Data): TriggerEvent<Data> => ({
  id: `evt_${subject}`,
  tenant: 'default',
  source: 'internal',
  key: subject,
  type: 'load',
  subject,
  time: new Date(0).toISOString(),
  hops: 0,
  correlationId: `evt_${subject}`,
  trigger: 'tests',
  data,
})

const start = (subject: string, bytes: number) =>
  client.workflow.start(carry, {
    workflowId: subject,
    taskQueue: TASK_QUEUE,
    args: [event(subject, { subject, load: 'x'.repeat(bytes) })],
  })

/** The wait of a run, once it is there, resolved by an event. */
async function wakeOf(runId: string, data: unknown): Promise<Wake> {
  const wait = await until(
    'the wait',
    async () => {
      const { rows } = await pool.query<{ id: string }>('select id from waits where run_id = $1', [
        runId,
      ])
      return rows[0]?.id
    },
    { timeoutMs: 60_000 },
  )
  return { wait, resolution: { kind: 'event', event: event(runId, data) } }
}

test('a run that carries megabytes survives the killing of its worker', async () => {
  const worker = launch()
  const run = await start('killed', 5 * MEGABYTE)
  const wake = await wakeOf('killed', 'y'.repeat(3 * MEGABYTE))
  if (worker.pid !== undefined) process.kill(worker.pid, 'SIGKILL')
  await worker.ended

  await run.signal(WAKE_SIGNAL, wake)
  launch()

  await expect(run.result()).resolves.toEqual({
    began: 5 * MEGABYTE,
    came: 3 * MEGABYTE + 2,
  })
}, 120_000)

test('what cannot be stored or read while Postgres is away is stored and read when it is back', async () => {
  const run = await start('away', 5 * MEGABYTE)
  const wake = await wakeOf('away', 'small')
  // The row of its wait is there sooner than the run hears of it.
  await until(
    'the run to wait',
    async () =>
      (await run.fetchHistory()).events?.some((each) => each.activityTaskCompletedEventAttributes),
    { timeoutMs: 60_000 },
  )
  await machine.postgres.stop()

  // Small enough to need no Postgres; what the run does next is not.
  await run.signal(WAKE_SIGNAL, wake)
  const failure = await until(
    'a task to fail',
    async () =>
      (await run.fetchHistory()).events?.find((each) => each.workflowTaskFailedEventAttributes)
        ?.workflowTaskFailedEventAttributes?.failure,
    { timeoutMs: 60_000 },
  )
  await machine.postgres.start()

  expect(failure.message).toMatch(/ECONNREFUSED|terminat|timeout/i)
  await expect(run.result()).resolves.toEqual({ began: 5 * MEGABYTE, came: 7 })
}, 180_000)
