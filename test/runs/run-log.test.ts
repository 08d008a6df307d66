import pino from 'pino'
import { afterAll, expect, test } from 'vitest'
import type { NewRunEvent, StoredRunEvent } from '../../src/contracts/run.ts'
import { createRunLog } from '../../src/runs/run-log.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPool } from '../../src/store/pool.ts'
import { createDatabase } from '../harness.ts'
import { until } from '../house.ts'

const { url: databaseUrl } = await createDatabase()
const log = pino({ level: 'silent' })
const [pool, otherPool] = [openPool({ databaseUrl, size: 8 }), openPool({ databaseUrl, size: 8 })]
await migrate(pool)
const here = createRunLog(pool, log)
const there = createRunLog(otherPool, log)
afterAll(async () => {
  await Promise.all([here.close(), there.close()])
  await Promise.all([pool.end(), otherPool.end()])
})

const at = (second: number): string => new Date(second * 1_000).toISOString()

const started = (runId: string): NewRunEvent => ({
  runId,
  key: 'started',
  at: at(0),
  type: 'run.started',
  data: {
    tenant: 'default',
    workflow: 'tested',
    source: 'test',
    trigger: 'test',
    eventId: 'evt_1',
    summary: 'A test',
  },
})

const delta = (runId: string, index: number): NewRunEvent => ({
  runId,
  key: `ask/${index}`,
  at: at(1),
  type: 'llm.delta',
  data: { step: 'ask', attempt: 1, text: `${index} ` },
})

const completed = (runId: string, second = 9): NewRunEvent => ({
  runId,
  key: 'ended/1',
  at: at(second),
  type: 'run.completed',
  data: { output: { answer: 42 }, last: true },
})

const statusOf = async (runId: string) => {
  const { rows } = await pool.query('select status, waiting_for, result from runs where id = $1', [
    runId,
  ])
  return rows[0]
}

/** Follows a run to its end. */
function followed(runLog: typeof here, runId: string, after = 0): Promise<StoredRunEvent[]> {
  const seen: StoredRunEvent[] = []
  return new Promise((resolve) => {
    const following = runLog.follow(runId, {
      after,
      onEvents(events) {
        seen.push(...events)
        if (seen.at(-1)?.type !== 'run.completed') return
        following.close()
        resolve(seen)
      },
    })
  })
}

test('what is reported twice stands once', async () => {
  await here.append([started('twice'), delta('twice', 1), delta('twice', 1)])
  await Promise.all([here.append([delta('twice', 1)]), there.append([delta('twice', 1)])])

  const { rows } = await pool.query('select key from run_events where run_id = $1 order by seq', [
    'twice',
  ])
  expect(rows).toEqual([{ key: 'started' }, { key: 'ask/1' }])
})

test('a reader gets what two processes write, in the order of the log, without gap or repeat', async () => {
  await here.append([started('busy')])
  const readers = [followed(here, 'busy'), followed(there, 'busy'), followed(there, 'busy')]

  await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      (index % 2 === 0 ? here : there).append([delta('busy', index)]),
    ),
  )
  await there.append([completed('busy')])
  const stories = await Promise.all(readers)

  const stored = (
    await pool.query('select seq from run_events where run_id = $1 order by seq', ['busy'])
  ).rows
  expect(stored).toHaveLength(202)
  for (const story of stories) {
    expect(story.map(({ seq }) => ({ seq }))).toEqual(stored)
  }
})

test('a reader that comes late, or from the middle, gets the rest', async () => {
  await here.append([
    started('late'),
    ...[1, 2, 3].map((index) => delta('late', index)),
    completed('late'),
  ])

  const all = await followed(there, 'late')
  const rest = await followed(there, 'late', all[2]?.seq)

  expect(rest).toEqual(all.slice(3))
})

test('a report that comes out of order does not undo a later one, nor the end', async () => {
  const waiting = (second: number): NewRunEvent => ({
    runId: 'order',
    key: `waiting/${second}`,
    at: at(second),
    type: 'run.waiting',
    data: { step: 'approve', waitingFor: 'approval', title: 'Really?' },
  })
  await here.append([started('order'), waiting(5)])
  await here.append([
    {
      runId: 'order',
      key: 'resumed',
      at: at(4),
      type: 'run.resumed',
      data: { step: 'x', wait: 'wait_x', outcome: 'event', waitingFor: null },
    },
  ])
  await expect(statusOf('order')).resolves.toMatchObject({ status: 'waiting' })

  await here.append([completed('order')])
  await here.append([waiting(20)])

  await expect(statusOf('order')).resolves.toEqual({
    status: 'completed',
    waiting_for: null,
    result: { answer: 42 },
  })
})

test('the end of a run closes the waits that nobody has resolved', async () => {
  await here.append([started('open')])
  await pool.query(
    `insert into waits (id, tenant, run_id, step, kind) values ('apr_open', 'default', 'open', 'approve', 'approval')`,
  )

  await here.append([completed('open')])

  const { rows } = await pool.query(`select resolved_by from waits where id = 'apr_open'`)
  expect(rows).toEqual([{ resolved_by: 'run' }])
})

test('a lost notification is made up for within moments', async () => {
  await here.append([started('silent')])
  const story = followed(there, 'silent')
  await until('the reader to listen', async () => {
    const { rows } = await pool.query(`select 1 from pg_stat_activity where query like 'listen%'`)
    return rows.length > 0
  })
  await pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%' and pid <> pg_backend_pid()`,
  )

  await here.append([delta('silent', 1), completed('silent')])

  await expect(story).resolves.toHaveLength(3)
})

test('NUL and lone surrogates in what a model wrote are kept as they are', async () => {
  const text = 'a\0b\ud800c'
  await here.append([
    started('odd'),
    {
      runId: 'odd',
      key: 'd',
      at: at(1),
      type: 'llm.delta',
      data: { step: 'ask', attempt: 1, text },
    },
    completed('odd'),
  ])

  const story = await followed(here, 'odd')

  expect(story[1]?.data).toEqual({ step: 'ask', attempt: 1, text })
})
