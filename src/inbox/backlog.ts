import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { createLoop } from '../store/loop.ts'

/** What the inbox has left to do. */
export interface Backlog {
  /** As last looked up; null before the first time. */
  current(): { openEvents: number; oldestSeconds: number } | null
  /** Whether it is above its bounds: senders who deliver again are asked to do so later. */
  isShedding(): boolean
  stop(): Promise<void>
}

interface Bounds {
  maxOpenEvents: number
  maxAgeSeconds: number
}

const INTERVAL_MS = 1_000
// Counting takes at most a fiftieth of one connection's time, however much there is to count.
const PAUSE_PER_COST = 50

// The age is that of the work, not of the event: what an operator releases after days is new here, and what cannot be
// started by itself says nothing about how far the inbox is behind.
const LOOK = `
select count(*)::int as "openEvents",
       coalesce(extract(epoch from now() - min(state_at) filter (where reason is distinct from 'dispatch_failed')), 0)::float
         as "oldestSeconds"
  from (select state_at, reason from events where dispatch_after is not null limit $1) as open`

/** Keeps looking at how much is left to do and for how long it has been. Nobody who delivers waits for that. */
export function createBacklog({
  pool,
  bounds,
  onLook,
  log,
}: {
  pool: Pool
  bounds: Bounds
  /** Is told each time whether it is above its bounds. */
  onLook(isShedding: boolean): void
  log: Logger
}): Backlog {
  let found: { openEvents: number; oldestSeconds: number } | null = null
  let nextAtMs = 0
  let shedding = false
  const loop = createLoop({ name: 'backlog', intervalMs: INTERVAL_MS, round, log })
  return { current: () => found, isShedding: () => shedding, stop: loop.stop }

  async function round(): Promise<void> {
    const startMs = performance.now()
    if (startMs < nextAtMs) return
    const { rows } = await pool.query<{ openEvents: number; oldestSeconds: number }>({
      name: 'backlog',
      text: LOOK,
      values: [bounds.maxOpenEvents + 1],
    })
    const endMs = performance.now()
    nextAtMs = endMs + PAUSE_PER_COST * (endMs - startMs)
    found = rows[0] ?? null
    const was = shedding
    shedding =
      found !== null &&
      (found.openEvents > bounds.maxOpenEvents || found.oldestSeconds > bounds.maxAgeSeconds)
    onLook(shedding)
    if (shedding && !was) log.warn(found, 'the inbox is above its bounds: senders are put off')
    if (was && !shedding) log.info(found, 'the inbox is within its bounds again')
  }
}
