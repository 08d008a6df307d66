import { Worker } from '@temporalio/worker'
import pino from 'pino'
import { expect, inject, test } from 'vitest'
import { createAccept } from '../../src/inbox/accept.ts'
import { TASK_QUEUE } from '../../src/contracts/names.ts'
import { createReconciler } from '../../src/runs/reconciler.ts'
import { received } from '../inbox/received.ts'
import { until } from '../house.ts'
import { openModelHouse } from '../llm/house.ts'
import { says, startModelServer } from '../outages/model-server.ts'

const MEGABYTE = 1_000_000
// A worker that is gone is asked for 10 s before another one is.
const LONG_MS = 60_000

const model = await startModelServer({ answerMs: 5 })
const { decide, house, namespace, ledgerOf, runThat, startRun, startWorker } =
  await openModelHouse(model)
let worker = await startWorker()
const { pool } = house

// The API takes less than webhooks do.
const accept = createAccept(pool, house.dispatcher.offer)

/** Accepts an event and answers its id. */
async function send(type: string, data: unknown, subject = ''): Promise<string> {
  const body = Buffer.from(JSON.stringify(data))
  const event = { ...received(`${type}-${subject}`), source: 'internal', type, subject, body }
  const [accepted] = await accept({ events: [event] })
  if (accepted === undefined) throw new Error('Nothing was accepted.')
  return accepted.id
}

/** What a run came to, once it has completed: large values take their time on a busy machine. */
const resultOf = (id: string) =>
  until(
    `the run ${id} to complete`,
    async () => {
      const { rows } = await pool.query(
        `select result from runs where id = $1 and status = 'completed'`,
        [id],
      )
      return rows[0]
    },
    { timeoutMs: LONG_MS },
  ).then(({ result }) => result)

/** Starts a run that carries so much, and answers its id once it waits for more. */
async function carrying(subject: string, bytes: number): Promise<string> {
  const eventId = await send('carry', { load: 'x'.repeat(bytes), subject }, subject)
  const look = async () => {
    const { rows } = await pool.query<{ id: string }>(
      `select id from runs where event_id = $1 and status = 'waiting'`,
      [eventId],
    )
    return rows[0]?.id
  }
  return until('the run to wait', look, { timeoutMs: LONG_MS })
}

/** What a run has in the table, in megabytes. */
async function keptOf(id: string): Promise<number[]> {
  const { rows } = await pool.query<{ megabytes: number }>(
    `select round(length(data) / 1e6)::int as megabytes from payloads where run_id = $1 order by stored_at`,
    [id],
  )
  return rows.map(({ megabytes }) => megabytes)
}

const historyOf = (id: string) => namespace.client.workflow.getHandle(id).fetchHistory()

test('a run of small values keeps nothing beside its history', async () => {
  const id = await startRun('triage', { title: 'A typo' })
  await resultOf(id)

  await expect(keptOf(id)).resolves.toEqual([])
})

test.each([1, 10])(
  'an answer of %d MB goes through a run, whose history stays small and can be replayed',
  async (megabytes) => {
    const summary = 'x'.repeat(megabytes * MEGABYTE)
    model.faults.push(says(JSON.stringify({ severity: 'low', labels: ['long'], summary })))

    const id = await startRun('triage', { title: 'A long one' })
    const result = await resultOf(id)

    expect(result).toEqual({ severity: 'low', labels: ['long'], summary })
    const history = await historyOf(id)
    expect(history.events?.length).toBeLessThanOrEqual(12)
    expect(JSON.stringify(history).length).toBeLessThan(16_384)
    // The answer, and what the run made of it.
    await expect(keptOf(id)).resolves.toEqual([megabytes, megabytes])
    await Worker.runReplayHistory(
      {
        workflowBundle: { codePath: inject('workflowBundlePath') },
        dataConverter: house.temporal.dataConverter,
      },
      history,
      id,
    )
    await expect(keptOf(id)).resolves.toHaveLength(2)
    await expect(house.temporal.client().workflow.getHandle(id).result()).resolves.toEqual(result)
  },
  LONG_MS,
)

test(
  'a run begins with 5 MB, is replayed by another worker, and is woken by 3 MB',
  async () => {
    const id = await carrying('large', 5 * MEGABYTE)
    await worker.close()
    worker = await startWorker()

    await send('load', 'y'.repeat(3 * MEGABYTE), 'large')

    const result = await resultOf(id)
    expect(result).toEqual({ began: 5 * MEGABYTE, came: 3 * MEGABYTE + 2 })
    expect(JSON.stringify(await historyOf(id)).length).toBeLessThan(32_768)
    // What it began with, what woke it, and what it logged.
    await expect(keptOf(id)).resolves.toEqual([5, 3, 5])
  },
  LONG_MS,
)

test(
  'an event of 3 MB that came before the run waits for it is handed over as well',
  async () => {
    await worker.close()
    const subject = 'early'
    const eventId = await send('carry', { load: '', subject }, subject)
    await send('load', 'y'.repeat(3 * MEGABYTE), subject)

    worker = await startWorker()

    const id = await until('the run', async () => {
      const { rows } = await pool.query(`select id from runs where event_id = $1`, [eventId])
      return rows[0]?.id
    })
    expect(await resultOf(id)).toEqual({ began: 0, came: 3 * MEGABYTE + 2 })
  },
  LONG_MS,
)

test('what is handed over again is not stored again', async () => {
  const id = await carrying('again', MEGABYTE)
  const { rows } = await pool.query('select data from payloads where run_id = $1', [id])
  const before = await keptOf(id)

  await expect(
    house.temporal.client().workflow.start('carry', {
      workflowId: id,
      taskQueue: TASK_QUEUE,
      args: [JSON.parse(rows[0].data.toString())],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
    }),
  ).rejects.toThrow('already started')

  expect(before).toEqual([1])
  await expect(keptOf(id)).resolves.toEqual(before)
})

test(
  'an answer that cannot be kept is kept later, and is paid once',
  async () => {
    const summary = 'x'.repeat(MEGABYTE)
    model.faults.push(says(JSON.stringify({ severity: 'low', labels: ['long'], summary })))
    await pool.query('alter table payloads rename to payloads_away')
    const calls = model.calls()

    const id = await startRun('triage', { title: 'A long one' })
    const pending = await until('a second attempt', async () => {
      const { raw } = await namespace.client.workflow.getHandle(id).describe()
      const [activity] = raw.pendingActivities ?? []
      return (activity?.attempt ?? 0) > 1 && activity
    })
    await pool.query('alter table payloads_away rename to payloads')

    expect(pending.lastFailure?.message).toMatch('relation "payloads" does not exist')
    const result = await resultOf(id)
    expect(result).toMatchObject({ summary })
    expect(model.calls() - calls).toBe(1)
    expect(await ledgerOf(id)).toMatchObject([{ outcome: 'succeeded' }])
  },
  LONG_MS,
)

test(
  'a run whose row is gone says so and what to do, and goes on once it is back',
  async () => {
    const id = await carrying('gone', MEGABYTE)
    await worker.close()
    await pool.query('create table backup as select * from payloads where run_id = $1', [id])
    await pool.query('delete from payloads where run_id = $1', [id])
    worker = await startWorker()

    await send('load', 'small', 'gone')

    const failure = await until('its task to fail', async () => {
      const { events } = await historyOf(id)
      return events?.find((event) => event.workflowTaskFailedEventAttributes)
        ?.workflowTaskFailedEventAttributes?.failure
    })
    expect(failure.applicationFailureInfo?.type).toBe('Run.PayloadGone')
    expect(failure.message).toMatch(/^The table payloads has no row [0-9a-f]{64} of the run carry:/)
    expect(failure.message).toMatch(/Bring the row back from a backup, or terminate/)
    await pool.query('insert into payloads select * from backup')
    const result = await resultOf(id)
    expect(result).toMatchObject({ began: MEGABYTE })
  },
  LONG_MS,
)

test(
  'a call whose question is gone parks its run at once, and is handed over again by a retry',
  async () => {
    await pool.query(`
    create function lose() returns trigger language plpgsql as 'begin return null; end';
    create trigger loses before insert on payloads for each row
      when (position('"prompt"'::bytea in new.data) > 0) execute function lose()`)

    const id = await startRun('triage', { title: 'word '.repeat(40_000) })
    const { failure } = await until('the run to be parked', async () => {
      const { rows } = await pool.query(
        `select data from run_events where run_id = $1 and type = 'run.parked'`,
        [id],
      )
      return rows[0]?.data
    })
    await pool.query('drop trigger loses on payloads')
    await runThat(id, ({ status }) => status === 'parked')
    await decide(id, 'triage-issue', { action: 'retry', by: 'ada' })

    expect(failure).toMatchObject({
      code: 'Run.PayloadGone',
      remedy: 'Bring the row back from a backup, or terminate the run and replay its event.',
    })
    expect(await resultOf(id)).toMatchObject({ severity: 'low' })
  },
  LONG_MS,
)

test('a run whose result is gone is completed all the same in the list of runs', async () => {
  const summary = 'x'.repeat(MEGABYTE)
  model.faults.push(says(JSON.stringify({ severity: 'low', labels: ['long'], summary })))
  const id = await startRun('triage', { title: 'A long one' })
  await resultOf(id)
  await pool.query('delete from runs where id = $1', [id])
  await pool.query('delete from payloads where run_id = $1', [id])
  const { reconcile } = createReconciler({
    pool,
    client: house.temporal.client,
    runLog: house.runLog,
    log: pino({ level: 'silent' }),
  })

  const run = await until('the run to be found again', async () => {
    await reconcile()
    const { rows } = await pool.query(`select status, result from runs where id = $1`, [id])
    return rows[0]?.status === 'completed' && rows[0]
  })

  expect(run).toEqual({ status: 'completed', result: null })
})
