import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { until } from '../house.ts'
import { openModelHouse } from '../llm/house.ts'
import { hangsUp, startModelServer } from './model-server.ts'

const LONG = process.env['ONSET_LONG'] === '1'
const AWAY_SECONDS = LONG ? 60 : 20
const RUNS = 20

const model = await startModelServer({ answerMs: 50 })
const { call, house, startRun, startWorker } = await openModelHouse(model)
await startWorker()

test(
  `a provider that is away for ${AWAY_SECONDS} s is not stormed, and every run completes`,
  async () => {
    model.outage = hangsUp
    await Promise.all(
      Array.from({ length: RUNS }, (_, index) => startRun('triage', { title: `Issue ${index}` })),
    )
    await sleep(AWAY_SECONDS * 1_000)
    model.outage = null
    const backAt = performance.now()

    await until(
      'all runs to complete',
      async () => {
        const { body } = await call('/api/runs?status=completed&limit=200')
        return body.runs.length === RUNS
      },
      { timeoutMs: 180_000 },
    )

    const { rows } = await house.pool.query<{ most: number }>(
      `select max(calls)::int as most from (select count(*) as calls from ledger group by run_id) as per_run`,
    )
    expect(rows[0]?.most).toBeLessThanOrEqual(25)
    // The breaker was quicker: most runs have not even called.
    expect(model.calls()).toBeLessThan(RUNS * 5)
    const after = model.times.filter((time) => time >= backAt)
    const inOneMoment = after.map(
      (start) => after.filter((time) => time >= start && time < start + 250).length,
    )
    expect(Math.max(...inOneMoment)).toBeLessThanOrEqual(RUNS / 2)
  },
  (AWAY_SECONDS + 240) * 1_000,
)
