import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import { z } from 'zod'
import { readContent } from '../contracts/content.ts'
import type { TriggerEvent } from '../contracts/event.ts'
import type { OpenedWait, Resolution, WaitRequest } from '../contracts/wait.ts'
import { HEAD_COLUMNS, type HeadRow, toHead } from '../store/event-head.ts'
import { indexableText, storableText } from '../store/text.ts'
import { lookBack } from './look-back.ts'

// A run that was reset comes by again: a wait that ended only because the run had ended is open again.
const OPEN = `
insert into waits (id, tenant, run_id, step, kind, title, details, event_type, event_subject, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    on conflict (run_id, step) do update set resolved_at = null, resolved_by = null
 where waits.resolved_by = 'run'`

/**
 * Commits a wait and then looks back for what may have come before it. Safe to repeat.
 */
export async function openWait(pool: Pool, request: WaitRequest): Promise<OpenedWait> {
  const { tenant, runId, step, kind, expiresAt } = request
  const id = waitIdOf({ runId, step, kind })
  await pool.query(OPEN, [
    id,
    tenant,
    runId,
    step,
    kind,
    kind === 'approval' ? storableText(request.title) : null,
    kind === 'approval' ? JSON.stringify(request.details ?? null) : null,
    kind === 'event' ? indexableText(request.type) : null,
    kind === 'event' && request.subject !== null ? indexableText(request.subject) : null,
    expiresAt,
  ])
  if (kind === 'event') {
    const { since, sinceEvent } = request
    await lookBack(pool, { id, runId, since, sinceEvent })
  }
  return { id, resolution: await takeResolution(pool, { runId, step }) }
}

/** Closes a wait whose time is up, unless somebody was faster. Answers how it ended. Safe to repeat. */
export async function closeWait(
  pool: Pool,
  { runId, step }: { runId: string; step: string },
): Promise<Resolution> {
  await pool.query(
    `update waits set resolved_at = now(), resolved_by = 'timeout'
      where run_id = $1 and step = $2 and resolved_at is null`,
    [runId, step],
  )
  const resolution = await takeResolution(pool, { runId, step })
  if (resolution === null) throw new Error(`Run ${runId} has no wait for the step ${step}.`)
  return resolution
}

// The answer goes to the run through the activity that asks, so that nobody needs to wake it any more.
async function takeResolution(
  pool: Pool,
  { runId, step }: { runId: string; step: string },
): Promise<Resolution | null> {
  await pool.query(
    'update waits set wake_after = null where run_id = $1 and step = $2 and resolved_at is not null',
    [runId, step],
  )
  const { rows } = await pool.query<ResolvedRow>(
    `${RESOLVED} where run_id = $1 and step = $2 and resolved_at is not null`,
    [runId, step],
  )
  return rows[0] === undefined ? null : toResolution(rows[0])
}

// The same for the same run and step, so that opening it twice gives one id.
function waitIdOf({ runId, step, kind }: Pick<WaitRequest, 'runId' | 'step' | 'kind'>): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([runId, step]))
    .digest('hex')
  return `${kind === 'approval' ? 'apr' : 'wait'}_${digest.slice(0, 24)}`
}

/** What a query for resolved waits reads, to be followed by a `where` clause. */
export const RESOLVED = `
select waits.run_id, waits.step, waits.kind, waits.resolution, waits.resolved_by,
       ${HEAD_COLUMNS}, events.content_type, events.body
  from waits left join events on waits.kind = 'event' and events.id = waits.resolved_by`

/** A resolved wait with the event that ended it, if one did. */
export type ResolvedRow = { run_id: string; step: string } & (
  | { kind: 'approval'; resolution: unknown; resolved_by: string }
  | { kind: 'event'; id: null }
  | ({ kind: 'event'; content_type: string; body: Buffer } & HeadRow)
)

// Temporal takes payloads of up to 2 MB.
const MOST_CARRIED = 1_500_000

const Decision = z.union([
  z.object({
    outcome: z.enum(['approved', 'rejected']),
    by: z.string(),
    reason: z.string().optional(),
  }),
  z.object({ outcome: z.literal('expired') }),
])

/** How a wait ended, as its run is told. A person who did not answer, and an event that did not come, are answers. */
export function toResolution(row: ResolvedRow): Resolution {
  if (row.kind === 'event') return { kind: 'event', event: row.id === null ? null : toEvent(row) }
  if (row.resolution === null) return { kind: 'approval', decision: { outcome: 'expired' } }
  const { reason, ...decision } = { reason: undefined, ...Decision.parse(row.resolution) }
  return {
    kind: 'approval',
    decision:
      decision.outcome === 'expired' || reason === undefined ? decision : { ...decision, reason },
  }
}

function toEvent(row: Extract<ResolvedRow, { id: string }>): TriggerEvent {
  // What Temporal would refuse to carry; the run can look the event up by its id.
  const content =
    row.body.length > MOST_CARRIED ? undefined : readContent(row.content_type, row.body)
  return {
    ...toHead(row),
    trigger: '',
    data: content?.readable === true ? content.data : null,
  }
}
