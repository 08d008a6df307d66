import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import { z } from 'zod'
import { readContent } from '../contracts/content.ts'
import type { TriggerEvent } from '../contracts/event.ts'
import type { OpenedWait, ParkedDecision, Resolution, WaitRequest } from '../contracts/wait.ts'
import { HEAD_COLUMNS, type HeadRow, toHead } from '../store/event-head.ts'
import { indexableText, storableText } from '../store/text.ts'
import { lookBack } from './look-back.ts'

// A run that was reset comes by again: a wait that ended only because the run had ended is open again.
const OPEN = `
insert into waits (id, tenant, run_id, step, kind, turn, title, details, event_type, event_subject, subject, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    on conflict (id) do update set resolved_at = null, resolved_by = null
 where waits.resolved_by = 'run'`

/**
 * Commits a wait and then looks back for what may have come before it. Safe to repeat.
 */
export async function openWait(pool: Pool, request: WaitRequest): Promise<OpenedWait> {
  const { tenant, runId, step, turn = 1, kind, expiresAt } = request
  const id = waitIdOf(request)
  const row = contentOf(request)
  await pool.query(OPEN, [
    id,
    tenant,
    runId,
    step,
    kind,
    turn,
    row.title,
    row.details,
    row.eventType,
    row.eventSubject,
    row.subject,
    expiresAt,
  ])
  if (request.kind === 'event') {
    const { since, sinceEvent } = request
    await lookBack(pool, { id, runId, since, sinceEvent })
  }
  return { id, resolution: await takeResolution(pool, id) }
}

/** Closes a wait whose time is up, unless somebody was faster. Answers how it ended. Safe to repeat. */
export async function closeWait(pool: Pool, { id }: { id: string }): Promise<Resolution> {
  await pool.query(
    `update waits set resolved_at = now(), resolved_by = 'timeout'
      where id = $1 and resolved_at is null`,
    [id],
  )
  const resolution = await takeResolution(pool, id)
  if (resolution === null) throw new Error(`There is no wait ${id}.`)
  return resolution
}

// The answer goes to the run through the activity that asks, so that nobody needs to wake it any more.
async function takeResolution(pool: Pool, id: string): Promise<Resolution | null> {
  await pool.query('update waits set wake_after = null where id = $1 and resolved_at is not null', [
    id,
  ])
  const { rows } = await pool.query<ResolvedRow>(
    `${RESOLVED} where waits.id = $1 and resolved_at is not null`,
    [id],
  )
  return rows[0] === undefined ? null : toResolution(rows[0])
}

interface Content {
  title: string | null
  details: string | null
  eventType: string | null
  eventSubject: string | null
  subject: string | null
}

const NOTHING: Content = {
  title: null,
  details: null,
  eventType: null,
  eventSubject: null,
  subject: null,
}

function contentOf(request: WaitRequest): Content {
  if (request.kind === 'event') {
    const { type, subject } = request
    const eventSubject = subject === null ? null : indexableText(subject)
    return { ...NOTHING, eventType: indexableText(type), eventSubject }
  }
  const title = storableText(request.title)
  if (request.kind === 'approval') {
    return { ...NOTHING, title, details: JSON.stringify(request.details ?? null) }
  }
  if (request.kind === 'operator') {
    const { failure, ask, prompt, declining = false } = request
    const details = JSON.stringify({ failure, ask, prompt, declining })
    return { ...NOTHING, title, details }
  }
  const subject = indexableText(request.subject)
  if (request.kind === 'provider') return { ...NOTHING, title, subject }
  return { ...NOTHING, title, subject, details: JSON.stringify({ asked: request.asked }) }
}

const PREFIXES = {
  approval: 'apr',
  event: 'wait',
  operator: 'prk',
  budget: 'wait',
  provider: 'wait',
} as const

// The same for the same run, step and turn, so that opening it twice gives one id.
function waitIdOf({
  runId,
  step,
  kind,
  turn = 1,
}: Pick<WaitRequest, 'runId' | 'step' | 'kind' | 'turn'>): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([runId, step, kind, turn]))
    .digest('hex')
  return `${PREFIXES[kind]}_${digest.slice(0, 24)}`
}

/** What a query for resolved waits reads, to be followed by a `where` clause. */
export const RESOLVED = `
select waits.id as wait_id, waits.run_id, waits.step, waits.kind, waits.resolution, waits.resolved_by,
       ${HEAD_COLUMNS}, events.content_type, events.body
  from waits left join events on waits.kind = 'event' and events.id = waits.resolved_by`

/** A resolved wait with the event that ended it, if one did. */
export type ResolvedRow = { wait_id: string; run_id: string; step: string } & (
  | { kind: 'approval'; resolution: unknown; resolved_by: string }
  | { kind: 'operator'; resolution: unknown; resolved_by: string }
  | { kind: 'budget'; resolved_by: string }
  | { kind: 'provider'; resolved_by: string }
  | { kind: 'event'; id: null }
  | ({ kind: 'event'; content_type: string; body: Buffer } & HeadRow)
)

const Decision = z.union([
  z.object({
    outcome: z.enum(['approved', 'rejected']),
    by: z.string(),
    reason: z.string().optional(),
  }),
  z.object({ outcome: z.literal('expired') }),
])

const Parked = z.union([
  z.object({ action: z.enum(['retry', 'fail']), by: z.string(), reason: z.string().optional() }),
  z.object({
    action: z.literal('skip'),
    by: z.string(),
    reason: z.string().optional(),
    value: z.unknown(),
  }),
])

/** How a wait ended, as its run is told. A person who did not answer, and an event that did not come, are answers. */
export function toResolution(row: ResolvedRow): Resolution {
  if (row.kind === 'event') return { kind: 'event', event: row.id === null ? null : toEvent(row) }
  if (row.kind === 'budget' || row.kind === 'provider') {
    return { kind: row.kind, outcome: row.resolved_by === 'timeout' ? 'timeout' : 'resumed' }
  }
  if (row.kind === 'operator') return { kind: 'operator', decision: parkedDecision(row.resolution) }
  if (row.resolution === null) return { kind: 'approval', decision: { outcome: 'expired' } }
  const { reason, ...decision } = { reason: undefined, ...Decision.parse(row.resolution) }
  return {
    kind: 'approval',
    decision:
      decision.outcome === 'expired' || reason === undefined ? decision : { ...decision, reason },
  }
}

function parkedDecision(resolution: unknown): ParkedDecision {
  if (resolution === null) return { action: 'expired' }
  const { reason, ...decision } = Parked.parse(resolution)
  return reason === undefined ? decision : { ...decision, reason }
}

function toEvent(row: Extract<ResolvedRow, { id: string }>): TriggerEvent {
  const content = readContent(row.content_type, row.body)
  return { ...toHead(row), trigger: '', data: content.readable ? content.data : null }
}
