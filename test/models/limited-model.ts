import type { Pool } from 'pg'
import type { Priority } from '../../src/contracts/priority.ts'
import { reserveSlot, type Slot, syncLimits } from '../../src/models/limits.ts'
import { openPool } from '../../src/store/pool.ts'

/** Reserves a slot of one model, as an interactive call without tokens unless said otherwise. */
export type Reserve = (
  call?: { priority?: Priority; tokens?: number; slotId?: string },
  from?: Pool,
) => Promise<Slot>

/** Two workers on one database, and models of their own for each test. */
export function openLimits(databaseUrl: string) {
  const pool = openPool({ databaseUrl, size: 8 })
  const other = openPool({ databaseUrl, size: 8 })
  let models = 0
  return {
    pool,
    other,
    async limitedModel(limits: { rpm?: number; tpm?: number }): Promise<Reserve> {
      models += 1
      const model = { provider: 'openai', key: 'env:KEY', model: `model-${models}` }
      await syncLimits(pool, [{ ...model, ...limits }])
      let calls = 0
      return (call = {}, from = pool) => {
        calls += 1
        const slotId = `${model.model}/${calls}`
        return reserveSlot(from, { ...model, slotId, tokens: 0, priority: 'interactive', ...call })
      }
    },
    async close() {
      await Promise.all([pool.end(), other.end()])
    },
  }
}

/** How long the call has to wait, in milliseconds. */
export const waitOf = (slot: Slot): number => (slot.outcome === 'now' ? 0 : slot.ms)
