import { expect, test } from 'vitest'
import { until } from '../house.ts'
import { openMachine } from './machine.ts'
import { startModelServer } from './model-server.ts'

const KILLS = 10
const RUNS = 20
const IN_FLIGHT = 3

const model = await startModelServer({ answerMs: 400 })
const machine = await openMachine({
  LLM_PROVIDER: 'openai',
  OPENAI_API_KEY: 'none',
  OPENAI_BASE_URL: model.baseUrl,
  LLM_CONCURRENCY: String(IN_FLIGHT),
})
let serve = await machine.start('serve')

/** Resolves some moments after the next call of the model has begun: somewhere in the middle of a run. */
const inTheMiddle = (): Promise<void> =>
  new Promise((resolve) => {
    model.onCall(() => setTimeout(resolve, Math.random() * 600))
  })

test('a worker that is killed ten times loses no run and repeats no call that is in the ledger', async () => {
  let worker = await machine.start('work')
  for (let index = 0; index < RUNS; index += 1) await machine.deliver(`kill-${index}`)

  for (let kill = 0; kill < KILLS; kill += 1) {
    // Late kills may find every run done: then there is something to do again.
    if (kill >= KILLS / 2) await machine.deliver(`more-${kill}`)
    const moment = inTheMiddle()
    await moment
    if (worker.pid !== undefined) process.kill(worker.pid, 'SIGKILL')
    await worker.ended
    worker = await machine.start('work')
  }

  const all = RUNS + KILLS / 2
  await until(
    'all runs',
    async () =>
      (await machine.runs()).filter(({ status }) => status === 'completed').length === all,
    { timeoutMs: 240_000 },
  )

  const [ledger] = await machine.sql(`
    select count(*)::int as attempts,
           count(*) filter (where outcome = 'succeeded')::int as paid,
           count(*) filter (where outcome = 'interrupted')::int as interrupted,
           count(distinct (run_id, step, ask))::int as calls
      from ledger`)
  const attempts = Number(ledger?.['attempts'])
  expect(ledger).toMatchObject({ paid: all, calls: all })
  // Every request that reached the model is an attempt in the ledger; an attempt may die before it is sent.
  expect(model.calls()).toBeLessThanOrEqual(attempts)
  expect(attempts - all).toBe(Number(ledger?.['interrupted']))
  expect(model.calls() - all).toBeLessThanOrEqual(KILLS * IN_FLIGHT)
  // No call was made after one had been paid.
  const repeated = await machine.sql(`
    select 1 from ledger paid join ledger later using (run_id, step, ask)
     where paid.outcome = 'succeeded' and later.started_at > paid.ended_at`)
  expect(repeated).toEqual([])
}, 400_000)

test('a receiver that is killed ten times loses nothing that it answered 200', async () => {
  const answered: string[] = []
  for (let kill = 0; kill < KILLS; kill += 1) {
    const keys = Array.from({ length: 30 }, (_, index) => `receiver-${kill}-${index}`)
    const deliveries = keys.map(async (key) => {
      const response = await machine.deliver(key).catch(() => null)
      if (response?.status === 200) answered.push(key)
    })
    await until('the first answers', async () =>
      answered.some((key) => key.startsWith(`receiver-${kill}-`)),
    )
    if (serve.pid !== undefined) process.kill(serve.pid, 'SIGKILL')
    await Promise.all([...deliveries, serve.ended])
    serve = await machine.start('serve')
  }

  const dispatched = await until(
    'every event to be dispatched',
    async () => {
      const [open] = await machine.sql(
        'select 1 from events where dispatch_after is not null limit 1',
      )
      return (
        open === undefined &&
        machine.sql(`select key, count(*)::int as dispatches from events
                       join dispatches on event_id = id where key like 'receiver-%' group by key`)
      )
    },
    { timeoutMs: 120_000 },
  )
  const byKey = new Map(dispatched.map((row) => [row['key'], row['dispatches']]))
  expect(answered.length).toBeGreaterThan(0)
  expect(answered.filter((key) => byKey.get(key) !== 1)).toEqual([])
}, 300_000)
