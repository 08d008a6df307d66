import type { Pool } from 'pg'
import type { LimitedModel, RateLimits } from '../contracts/limits.ts'
import type { Priority } from '../contracts/priority.ts'

/** A limit as the configuration has it. */
export interface ConfiguredLimit extends LimitedModel, RateLimits {}

/** One call that wants to be made. */
export interface SlotRequest extends LimitedModel {
  /** What it will count: the question's tokens and the longest answer that it may get. */
  tokens: number
  priority: Priority
  /** Names the call, the same at every attempt: by it a call that waited elsewhere finds its place again. */
  slotId: string
}

/** When a call may be made. */
export type Slot =
  | { outcome: 'now'; grant: Grant }
  /** With `slotId` it has a place, for whoever presents that id then; with null it asks anew. */
  | { outcome: 'wait'; ms: number; slotId: string | null; grant: Grant }

/** What a call was given, and what of it can be given back. */
export interface Grant extends LimitedModel {
  tokens: number
  /** How far the call moved the queue; null where it moved nothing. */
  moved: { requestMs: number; tokenMs: number; requestTat: number; tokenTat: number } | null
}

/** Up to here a call waits where it is; its slot then needs no row. */
export const WAIT_HERE_MS = 2_000

/** A start may lag its slot by so much and no more: the rates leave room for it, see `0007_limits.sql`. */
export const GRACE_MS = 1_000

/** Writes the limits of the configuration. Those of other models stay as they are; nobody asks for them. */
export async function syncLimits(pool: Pool, limits: ConfiguredLimit[]): Promise<void> {
  if (limits.length === 0) return
  await pool.query(
    `insert into llm_limits (provider, key, model, rpm, tpm)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::float8[])
     on conflict (provider, key, model) do update set rpm = excluded.rpm, tpm = excluded.tpm`,
    [
      limits.map(({ provider }) => provider),
      limits.map(({ key }) => key),
      limits.map(({ model }) => model),
      limits.map(({ rpm }) => rpm ?? null),
      limits.map(({ tpm }) => tpm ?? null),
    ],
  )
}

/**
 * Reserves the next slot of a model, in one statement. A bulk call finds none while the queue is longer than 5 s,
 * but for a tenth of the rate; an interactive one none while it is longer than 15 minutes.
 */
export async function reserveSlot(pool: Pool, request: SlotRequest): Promise<Slot> {
  const { provider, key, model, tokens, priority, slotId } = request
  const { rows } = await pool.query<ReservedRow>({
    name: 'reserve-slot',
    text: 'select * from llm_reserve($1, $2, $3, $4, $5, $6, $7, $8)',
    values: [
      provider,
      key,
      model,
      slotId,
      tokens,
      priority === 'interactive',
      WAIT_HERE_MS,
      GRACE_MS,
    ],
  })
  const [row] = rows
  if (row === undefined) throw new Error(`No answer about the limits of ${provider}/${model}.`)
  const grant: Grant = { provider, key, model, tokens, moved: movedBy(row) }
  if (row.wait_ms <= 0) return { outcome: 'now', grant }
  const kept = row.verdict === 'later' ? null : slotId
  return { outcome: 'wait', ms: row.wait_ms, slotId: kept, grant }
}

/**
 * Corrects a reservation by what was used. More than reserved is charged to those who come next. Less is given back
 * only while nobody has reserved behind: those who have keep their times, so that what lies before them has passed,
 * and giving it to somebody after them would put more into one minute than the limit has.
 */
export async function settleTokens(pool: Pool, grant: Grant, used: number): Promise<void> {
  const { provider, key, model, tokens, moved } = grant
  if (used === tokens || tokens === 0 || moved === null || moved.tokenMs === 0) return
  const differenceMs = moved.tokenMs * (used / tokens - 1)
  await pool.query({
    name: 'settle-tokens',
    text: `update llm_limits set token_tat_ms = case
             when $4::float8 > 0 then greatest(token_tat_ms, llm_now_ms()) + $4::float8
             when token_tat_ms = $5::float8 then token_tat_ms + $4::float8
             else token_tat_ms end
           where provider = $1 and key = $2 and model = $3 and ($4::float8 > 0 or token_tat_ms = $5::float8)`,
    values: [provider, key, model, differenceMs, moved.tokenTat],
  })
}

/** Gives back the slot of a call that was not made, as far as nobody has reserved behind it. */
export async function giveBackSlot(pool: Pool, grant: Grant): Promise<void> {
  const { provider, key, model, moved } = grant
  if (moved === null) return
  await pool.query({
    name: 'give-back-slot',
    text: `update llm_limits set request_tat_ms = request_tat_ms - $4::float8, token_tat_ms = token_tat_ms - $5::float8
           where provider = $1 and key = $2 and model = $3 and request_tat_ms = $6::float8 and token_tat_ms = $7::float8`,
    values: [
      provider,
      key,
      model,
      moved.requestMs,
      moved.tokenMs,
      moved.requestTat,
      moved.tokenTat,
    ],
  })
}

interface ReservedRow {
  verdict: 'kept' | 'slot' | 'later' | 'free'
  wait_ms: number
  request_ms: number | null
  token_ms: number | null
  request_tat: number | null
  token_tat: number | null
}

function movedBy({ request_ms, token_ms, request_tat, token_tat }: ReservedRow): Grant['moved'] {
  if (request_tat === null || token_tat === null) return null
  return {
    requestMs: request_ms ?? 0,
    tokenMs: token_ms ?? 0,
    requestTat: request_tat,
    tokenTat: token_tat,
  }
}
