import { afterAll, expect, test } from 'vitest'
import { until } from '../house.ts'
import { startModelServer } from '../outages/model-server.ts'
import { launchWorker } from '../outages/workers.ts'
import { openModelHouse } from './house.ts'
import { limitedProvider } from './limited-provider.ts'

const PER_MINUTE = 120
// Long enough that one call more or less is little; in the long run for more than a whole minute.
const SECONDS = process.env['ONSET_LONG'] === '1' ? 75 : 21
const WARM_UP = 10
const RUNS = WARM_UP + Math.round((SECONDS * PER_MINUTE) / 60)

const model = await startModelServer({ answerMs: 50 })
const { call, env, ledgerOf, startRun } = await openModelHouse(model, {
  LLM_CONFIG: limitedProvider(model, PER_MINUTE),
})
const workers = [launchWorker(env), launchWorker(env)]
afterAll(() => Promise.all(workers.map((worker) => worker.stop())))

test(
  'two workers keep to one limit in every window, use nearly all of it, and no run fails',
  async () => {
    const ids = await Promise.all(
      Array.from({ length: RUNS }, (_, index) => startRun('triage', { title: `Issue ${index}` })),
    )
    await until(
      'all runs to complete',
      async () => {
        const { body } = await call('/api/runs?status=completed&limit=200')
        return body.runs.length === RUNS
      },
      { timeoutMs: (SECONDS + 30) * 1_000 },
    )

    expect(model.calls()).toBe(RUNS)
    const starts = model.times.toSorted((left, right) => left - right)
    for (const [index, start] of starts.entries()) {
      const within = (ms: number) => starts.slice(index).filter((time) => time < start + ms).length
      expect(within(60_000)).toBeLessThanOrEqual(PER_MINUTE)
      // A start may lag its turn by a second and a half, and the next ones still have theirs.
      for (const seconds of [1, 5, 15]) {
        expect(within(seconds * 1_000)).toBeLessThanOrEqual(((seconds + 1.5) * PER_MINUTE) / 60 + 1)
      }
    }
    // Both processes have only just started, and all runs with them: a few turns pass unused.
    const steady = starts.slice(WARM_UP)
    const seconds = ((steady.at(-1) ?? 0) - (steady[0] ?? 0)) / 1_000
    expect(((steady.length - 1) / seconds) * 60).toBeGreaterThanOrEqual(0.95 * PER_MINUTE)
    // Whoever waited for its turn has not failed.
    for (const id of ids) expect(await ledgerOf(id)).toMatchObject([{ outcome: 'succeeded' }])
  },
  (SECONDS + 60) * 1_000,
)
