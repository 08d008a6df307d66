import type { Logger } from 'pino'
import type { Pool } from 'pg'
import { dueProbes } from './models/breaker-rows.ts'
import { wishesWithRoom } from './models/budget-list.ts'
import { releaseAfterMs } from './models/release.ts'
import { listBudgetWaits, resumeBudgetWaits, resumeProviderWaits } from './runs/room.ts'
import type { Waker } from './runs/wake.ts'
import { createLoop, type Loop } from './store/loop.ts'

const INTERVAL_MS = 1_000
// More would ask for the same few budgets.
const WAITS_AT_ONCE = 500

/**
 * Lets runs go on whose model calls wait for room: those for which a budget has some again, and one at a time those
 * whose provider is to be tried.
 */
export const createRoomKeeper = ({
  pool,
  waker,
  log,
}: {
  pool: Pool
  waker: Pick<Waker, 'wakeDue'>
  log: Logger
}): Loop =>
  createLoop({
    name: 'room for model calls',
    intervalMs: INTERVAL_MS,
    log,
    async round() {
      let resumed = await resumeForBudgets(pool)
      for (const { provider } of await dueProbes(pool)) {
        resumed += await resumeProviderWaits(pool, { provider, most: 1, after: () => 0 })
      }
      // Whoever raised a budget looks at what comes of it.
      if (resumed > 0) await waker.wakeDue()
    },
  })

/** Lets all runs go on that wait for a provider which is back, slowly at first. */
export async function welcomeBack(
  { pool, waker }: { pool: Pool; waker: Pick<Waker, 'wakeDue'> },
  provider: string,
): Promise<void> {
  await resumeProviderWaits(pool, { provider, after: releaseAfterMs })
  // Left to the next round of waking, those whose time comes before it would go on in one moment.
  await waker.wakeDue()
}

async function resumeForBudgets(pool: Pool): Promise<number> {
  const waits = await listBudgetWaits(pool, { limit: WAITS_AT_ONCE })
  if (waits.length === 0) return 0
  const wishes = waits.map(({ id, subject, asked }) => ({
    id,
    scope: subject,
    estimateMicros: asked.micros,
    estimateTokens: asked.tokens,
  }))
  const fitting = await wishesWithRoom(pool, wishes)
  return resumeBudgetWaits(
    pool,
    fitting.map(({ id }) => id),
  )
}
