import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { until } from '../house.ts'
import { openModelHouse } from '../llm/house.ts'
import { keepRunning } from './kept-process.ts'
import { startModelServer } from './model-server.ts'
import { launchWorker } from './workers.ts'

const LONG = process.env['ONSET_LONG'] === '1'
const KILLS = LONG ? 50 : 6
const RUNS = LONG ? 40 : 8
const CALLS = 5
const IN_FLIGHT = 4

const model = await startModelServer({ answerMs: 250 })
const { call, env, house, startRun } = await openModelHouse(model, {
  LLM_CONCURRENCY: String(IN_FLIGHT),
})

const worker = keepRunning(() => launchWorker(env))
afterAll(async () => {
  worker.leave()
  await worker.kill()
})

test(
  `a worker that is killed ${KILLS} times in the middle of runs pays no call twice that is in the ledger`,
  async () => {
    const start = () => startRun('turns', { times: CALLS })
    const ids = await Promise.all(Array.from({ length: RUNS }, start))

    for (let kill = 0; kill < KILLS; kill += 1) {
      const before = model.calls()
      // Late kills may find every run done: then there is something to do again.
      if (kill >= RUNS / 2) ids.push(await start())
      await until('a call', async () => model.calls() > before, { timeoutMs: 60_000 })
      await sleep(Math.random() * 700)
      await worker.kill()
    }
    await until(
      'all runs to complete',
      async () => {
        const { body } = await call('/api/runs?status=completed&limit=200')
        return body.runs.length === ids.length
      },
      { timeoutMs: 120_000 },
    )

    const all = ids.length * CALLS
    const { rows } = await house.pool.query(
      `select count(*)::int as attempts, count(*) filter (where outcome = 'succeeded')::int as paid,
              count(distinct (run_id, step, ask))::int as calls
         from ledger`,
    )
    expect(rows[0]).toMatchObject({ paid: all, calls: all })
    expect(model.calls()).toBeLessThanOrEqual(rows[0].attempts)
    expect(model.calls() - all).toBeLessThanOrEqual(KILLS * IN_FLIGHT)
    const repeated = await house.pool.query(
      `select 1 from ledger paid join ledger later using (run_id, step, ask)
        where paid.outcome = 'succeeded' and later.started_at > paid.ended_at`,
    )
    expect(repeated.rows).toEqual([])
    // What killed calls may have cost is counted: nothing stays reserved once its time is over.
    await house.pool.query('update llm_reservations set expires_at = now()')
    await until('no reservation to be open', async () => {
      const open = await house.pool.query(`select 1 from llm_reservations where state = 'open'`)
      return open.rows.length === 0
    })
  },
  LONG ? 900_000 : 240_000,
)
