import { afterAll, expect, test } from 'vitest'
import { giveBackSlot, settleTokens } from '../../src/models/limits.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createDatabase } from '../harness.ts'
import { openLimits, waitOf } from './limited-model.ts'

const { url } = await createDatabase()
const { pool, limitedModel, close } = openLimits(url)
afterAll(close)
await migrate(pool)

test('unused tokens are given back while nobody has reserved behind', async () => {
  const reserve = await limitedModel({ tpm: 60_000 })
  const { grant } = await reserve({ tokens: 10_000 })

  await settleTokens(pool, grant, 500)

  expect(waitOf(await reserve({ tokens: 500 }))).toBeLessThan(500)
})

test('unused tokens are not given to those behind somebody who has a place', async () => {
  const reserve = await limitedModel({ tpm: 60_000 })
  const { grant } = await reserve({ tokens: 5_000 })
  const second = await reserve({ tokens: 5_000 })

  await settleTokens(pool, grant, 500)

  expect(waitOf(await reserve({ tokens: 5_000 })) - waitOf(second)).toBeGreaterThan(5_000)
})

test('tokens beyond the reservation are charged to those who come next', async () => {
  const reserve = await limitedModel({ tpm: 60_000 })
  const { grant } = await reserve({ tokens: 1_000 })

  await settleTokens(pool, grant, 9_000)

  expect(waitOf(await reserve({ tokens: 1_000 }))).toBeGreaterThan(7_500)
})

test('what a call used beyond its slot is charged, also where it had waited elsewhere', async () => {
  const reserve = await limitedModel({ tpm: 60_000 })
  await reserve({ tokens: 5_000 })
  await reserve({ tokens: 1_000, slotId: 'waits' })
  await pool.query(`update llm_slots set due_ms = llm_now_ms() where id = 'waits'`)
  const { grant } = await reserve({ tokens: 1_000, slotId: 'waits' })
  const before = waitOf(await reserve({ tokens: 1_000 }))

  await settleTokens(pool, grant, 9_000)

  expect(waitOf(await reserve({ tokens: 1_000 })) - before).toBeGreaterThan(7_500)
})

test('a slot that was not used is given back', async () => {
  const reserve = await limitedModel({ rpm: 20 })
  const { grant } = await reserve()

  await giveBackSlot(pool, grant)

  expect(waitOf(await reserve())).toBe(0)
})
