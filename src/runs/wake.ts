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
  /** Signals the runs whose time to be told has come, and those of the next second at their moments. */
  wakeDue(): Promise<void>
  /** Goes on telling runs that have not taken note yet. */
  keepWaking(): Loop
}

const DEADLINE_MS = 3_000
const INTERVAL_MS = 1_000
const WAITS_AT_ONCE = 50

// A run takes note within milliseconds while a worker is up. Without one, asking again soon only lengthens its history.
// Runs that go on one after the other are claimed a round ahead: woken once a second, they would come in herds.
const CLAIM = `
with due as (
  select id, wake_after from waits
   where wake_after <= now() + case when kind in ('budget', 'provider') then ${INTERVAL_MS} else 0 end * interval '1 millisecond'
   order by wake_after limit $1 for update skip locked
)
update waits
   set wake_after = now() + least(greatest(now() - resolved_at, interval '10 seconds'), interval '10 minutes')
  from due where due.id = waits.id
returning waits.id, (extract(epoch from due.wake_after - now()) * 1000)::float8 as "inMs"`

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
  const later = new Set<NodeJS.Timeout>()

  return {
    wake: async (waitId) => (await tell([waitId]))[0]?.woken ?? 'gone',
    wakeAll,
    wakeDue,
    keepWaking() {
      const loop = createLoop({ name: 'waker', intervalMs: INTERVAL_MS, round: wakeDue, log })
      return {
        async stop() {
          // Whoever else is up wakes these ten seconds later.
          await loop.stop()
          for (const timer of later) clearTimeout(timer)
        },
      }
    },
  }

  async function wakeAll(waitIds: string[]): Promise<void> {
    if (waitIds.length === 0) return
    const told = await tell(waitIds)
    const gone = told.filter(({ woken }) => woken === 'gone').map(({ waitId }) => waitId)
    if (gone.length === 0) return
    await pool.query('update waits set wake_after = null where id = any ($1)', [gone])
  }

  async function tell(waitIds: string[]): Promise<{ waitId: string; woken: Woken }[]> {
    const { rows } = await pool.query<ResolvedRow>(`${RESOLVED} where waits.id = any ($1)`, [
      waitIds,
    ])
    return Promise.all(rows.map(async (row) => ({ waitId: row.wait_id, woken: await signal(row) })))
  }

  async function signal(row: ResolvedRow): Promise<Woken> {
    const message: Wake = { wait: row.wait_id, resolution: toResolution(row) }
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

  async function wakeDue(): Promise<void> {
    for (;;) {
      const { rows } = await pool.query<{ id: string; inMs: number }>(CLAIM, [WAITS_AT_ONCE])
      for (const { id, inMs } of rows) if (inMs > 0) wakeIn(inMs, id)
      await wakeAll(rows.filter(({ inMs }) => inMs <= 0).map(({ id }) => id))
      if (rows.length < WAITS_AT_ONCE) return
    }
  }

  function wakeIn(ms: number, id: string): void {
    const timer = setTimeout(() => {
      later.delete(timer)
      wakeAll([id]).catch((error: unknown) => log.warn({ err: error }, 'waking is repeated'))
    }, ms)
    later.add(timer)
  }
}
