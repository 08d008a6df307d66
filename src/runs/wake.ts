import { type Client, WorkflowNotFoundError } from '@temporalio/client'
import type { Logger } from 'pino'
import type { Pool } from 'pg'
import { WAKE_SIGNAL } from '../contracts/names.ts'
import type { Wake } from '../contracts/wait.ts'
import { within } from '../store/deadline.ts'
import { createLoop, type Loop } from '../store/loop.ts'
import { RESOLVED, type ResolvedRow, toResolution } from './waits.ts'

/** What became of telling a run: told, later when Temporal is back, or the run is over. */
export type Woken = 'told' | 'later' | 'gone'

/** Tells runs how their waits ended. */
export interface Waker {
  /** Signals the run of one resolved wait, at once. Never rejects for Temporal's sake. */
  wake(waitId: string): Promise<Woken>
  /** Signals the runs of resolved waits, at once; those that are over need not be told again. */
  wakeAll(waitIds: string[]): Promise<void>
  /** Goes on telling runs that have not taken note yet. */
  keepWaking(): Loop
}

const DEADLINE_MS = 3_000
const INTERVAL_MS = 1_000
const WAITS_AT_ONCE = 50

// A run takes note within milliseconds while a worker is up. Without one, asking again soon only lengthens its history.
const CLAIM = `
update waits set wake_after = now() + least(greatest(now() - resolved_at, interval '10 seconds'), interval '10 minutes')
 where id in (select id from waits where wake_after <= now() order by wake_after limit $1 for update skip locked)
returning id`

/** Wakes runs through signals that carry the wait's step and how it ended; a run applies each step once. */
export function createWaker({
  pool,
  client,
  log,
}: {
  pool: Pool
  client(): Client
  log: Logger
}): Waker {
  return {
    wake: async (waitId) => (await tell([waitId]))[0]?.woken ?? 'gone',
    wakeAll,
    keepWaking: () => createLoop({ name: 'waker', intervalMs: INTERVAL_MS, round, log }),
  }

  async function wakeAll(waitIds: string[]): Promise<void> {
    if (waitIds.length === 0) return
    const told = await tell(waitIds)
    const gone = told.filter(({ woken }) => woken === 'gone').map(({ waitId }) => waitId)
    if (gone.length === 0) return
    await pool.query('update waits set wake_after = null where id = any ($1)', [gone])
  }

  async function tell(waitIds: string[]): Promise<{ waitId: string; woken: Woken }[]> {
    const { rows } = await pool.query<ResolvedRow & { wait_id: string }>(
      `${RESOLVED.replace('select', 'select waits.id as wait_id,')} where waits.id = any ($1)`,
      [waitIds],
    )
    return Promise.all(rows.map(async (row) => ({ waitId: row.wait_id, woken: await signal(row) })))
  }

  async function signal(row: ResolvedRow): Promise<Woken> {
    const message: Wake = { step: row.step, resolution: toResolution(row) }
    try {
      const run = client().workflow.getHandle(row.run_id)
      await within(DEADLINE_MS, 'Temporal', run.signal(WAKE_SIGNAL, message))
      return 'told'
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'gone'
      log.warn({ err: error, runId: row.run_id, step: row.step }, 'the run is told later')
      return 'later'
    }
  }

  async function round(): Promise<void> {
    const { rows } = await pool.query<{ id: string }>(CLAIM, [WAITS_AT_ONCE])
    await wakeAll(rows.map(({ id }) => id))
  }
}
