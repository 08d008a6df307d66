import { afterAll, expect, test } from 'vitest'
import { createAdmission } from '../../src/models/admission.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createDatabase } from '../harness.ts'
import { openLimits } from './limited-model.ts'

const { url } = await createDatabase()
const { pool, other, close } = openLimits(url)
afterAll(close)
await migrate(pool)

const never = new AbortController().signal
let models = 0

/** A model of its own with its limit, and the calls that two workers make to it. */
function limited(rpm: number) {
  models += 1
  const model = { provider: 'openai', key: 'env:KEY', model: `model-${models}` }
  const workers = [pool, other].map((each) => createAdmission(each))
  let calls = 0
  return (slotId?: string, signal = never) => {
    calls += 1
    const admission = workers[calls % 2]
    if (admission === undefined) throw new Error('Expected two workers.')
    return admission.admit(
      {
        ...model,
        limits: { rpm },
        tokens: 0,
        priority: 'interactive',
        slotId: slotId ?? `${model.model}/${calls}`,
      },
      signal,
    )
  }
}

test('a model without a limit is not asked about, not even once', async () => {
  const closed = openLimits(url)
  await closed.close()
  const admission = createAdmission(closed.pool)

  const admitted = await admission.admit(
    {
      provider: 'openai',
      key: 'env:KEY',
      model: 'free',
      limits: {},
      tokens: 1,
      priority: 'bulk',
      slotId: 'a',
    },
    never,
  )

  expect(admitted).toEqual({ outcome: 'go', grant: null })
  await admission.settle(null, 100)
})

test('calls of two workers start one after the other, evenly, and use the whole rate', async () => {
  const admit = limited(600)
  const starts: number[] = []
  const startedAt = performance.now()
  const caller = async (): Promise<void> => {
    for (let calls = 0; calls < 5; calls += 1) {
      const { outcome } = await admit()
      expect(outcome).toBe('go')
      starts.push(performance.now() - startedAt)
    }
  }

  await Promise.all(Array.from({ length: 8 }, caller))

  // Every window of two seconds: 97 % of its 20, what a late start may catch up with, and the one at its edge.
  const fullest = Math.max(
    ...starts.map((from) => starts.filter((at) => at >= from && at <= from + 2_000).length),
  )
  expect(fullest).toBeLessThanOrEqual(20 + 5 + 1)
  const seconds = Math.max(...starts) / 1_000
  expect(starts.length / seconds).toBeGreaterThanOrEqual(0.95 * 10)
})

test('a call that would wait for more than two seconds is sent away and goes by its slot later', async () => {
  const admit = limited(20)
  await admit()
  await admit('second')

  const away = await admit('third')
  await pool.query(`update llm_slots set due_ms = llm_now_ms() + 50 where id = 'third'`)
  const back = await admit('third')

  // 3.09 s apart with half a second that may be caught up, and back a second before its time.
  expect(away).toMatchObject({ outcome: 'throttled' })
  expect(away.outcome === 'throttled' && away.ms).toBeGreaterThan(1_000)
  expect(back.outcome).toBe('go')
})

test('a call that is cancelled while it waits leaves its place to others', async () => {
  const admit = limited(60)
  await admit()
  const cancelling = new AbortController()
  const waiting = admit('cancelled', cancelling.signal)
  const reason = new Error('The run was cancelled.')

  setTimeout(() => cancelling.abort(reason), 50)

  await expect(waiting).rejects.toBe(reason)
  const startedAt = performance.now()
  await admit()
  expect(performance.now() - startedAt).toBeLessThan(700)
})
