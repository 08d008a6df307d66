import type { Pool } from 'pg'
import type { ProviderKey } from '../contracts/limits.ts'
import type { BreakerReason } from './breaker-signals.ts'

/** A breaker as it stands; times in milliseconds from now, negative where they have passed. */
export interface BreakerRow extends ProviderKey {
  state: 'closed' | 'open'
  reason: BreakerReason | null
  message: string | null
  probeInMs: number | null
  leaseForMs: number | null
  failures: number
}

const FIRST_PAUSE_MS = 30_000
const LONGEST_PAUSE_MS = 10 * 60_000
// Ten failures in a row, as one call that fails says little, and within 30 s, as a quiet night may lie between two.
const FAILURES = 10
const WITHIN = `interval '30 seconds'`
// Processes hear of each other's failures within a second; until then their successes do not count against them.
const AT_LEAST = `interval '1 second'`

// Up to a fifth longer, so that the probes of several providers do not come in step.
const PAUSE = (ms: string): string => `(${ms}) * (1 + random() / 5) * interval '1 millisecond'`

/** All breakers that ever had something to say: a handful. */
export async function readBreakers(pool: Pool): Promise<BreakerRow[]> {
  const { rows } = await pool.query<BreakerRow>({
    name: 'read-breakers',
    text: `select provider, key, state, reason, message, failures,
             (extract(epoch from probe_at - now()) * 1000)::float8 as "probeInMs",
             (extract(epoch from lease_until - now()) * 1000)::float8 as "leaseForMs"
           from llm_breakers`,
  })
  return rows
}

/** Providers that somebody may try now, and nobody does: one of the runs that wait for them is to go on. */
export async function dueProbes(pool: Pool): Promise<ProviderKey[]> {
  const { rows } = await pool.query<ProviderKey>({
    name: 'due-probes',
    text: `select provider, key from llm_breakers
           where state = 'open' and probe_at <= now() and (lease_until is null or lease_until <= now())
           order by probe_at`,
  })
  return rows
}

/** Opens a breaker unless it is open. True where it was closed. */
export async function openBreaker(
  pool: Pool,
  { provider, key }: ProviderKey,
  { reason, message }: { reason: BreakerReason; message: string },
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `insert into llm_breakers as b (provider, key, state, reason, message, since, pause_ms, probe_at)
     values ($1, $2, 'open', $3, $4, now(), ${FIRST_PAUSE_MS}, now() + ${PAUSE(String(FIRST_PAUSE_MS))})
     on conflict (provider, key) do update set state = 'open', reason = excluded.reason,
       message = excluded.message, since = excluded.since, pause_ms = excluded.pause_ms,
       probe_at = excluded.probe_at, lease_id = null, lease_until = null, failures = 0, failing_since = null
     where b.state = 'closed'`,
    [provider, key, reason, message],
  )
  return rowCount === 1
}

/** Counts a failure of the connection. True where it was the one that opened the breaker. */
export async function countFailure(
  pool: Pool,
  { provider, key }: ProviderKey,
  message: string,
): Promise<boolean> {
  const { rows } = await pool.query<{ due: boolean }>(
    `insert into llm_breakers as b (provider, key, failures, failing_since) values ($1, $2, 1, clock_timestamp())
     on conflict (provider, key) do update set
       failures = case when b.failing_since > clock_timestamp() - ${WITHIN} then b.failures + 1 else 1 end,
       failing_since = case when b.failing_since > clock_timestamp() - ${WITHIN}
         then b.failing_since else clock_timestamp() end
     where b.state = 'closed'
     returning failures >= ${FAILURES} and failing_since <= clock_timestamp() - ${AT_LEAST} as due`,
    [provider, key],
  )
  if (rows[0]?.due !== true) return false
  return openBreaker(pool, { provider, key }, { reason: 'outage', message })
}

/** An answer came: what failed before was no outage. */
export async function forgetFailures(pool: Pool, { provider, key }: ProviderKey): Promise<void> {
  await pool.query(
    `update llm_breakers set failures = 0, failing_since = null
     where provider = $1 and key = $2 and state = 'closed' and failures > 0`,
    [provider, key],
  )
}

/**
 * Lets one caller over all workers try, for as long as its lease lasts; `atOnce` before the pause is over. False where
 * somebody else tries, or did.
 */
export async function claimProbe(
  pool: Pool,
  { provider, key }: ProviderKey,
  { leaseId, leaseMs, atOnce }: { leaseId: string; leaseMs: number; atOnce: boolean },
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update llm_breakers set lease_id = $3, lease_until = clock_timestamp() + $4 * interval '1 millisecond'
     where provider = $1 and key = $2 and state = 'open' and ($5 or probe_at <= clock_timestamp())
       and (lease_until is null or lease_until <= clock_timestamp())`,
    [provider, key, leaseId, leaseMs, atOnce],
  )
  return rowCount === 1
}

/** Closes the breaker whose probe this was, and starts the ramp of its models. False where the lease was lost. */
export async function closeBreaker(
  pool: Pool,
  { provider, key }: ProviderKey,
  leaseId: string,
): Promise<boolean> {
  const { rows } = await pool.query<{ closed: boolean }>(
    `with closed as (
       update llm_breakers set state = 'closed', closed_at = now(), failures = 0, failing_since = null,
         lease_id = null, lease_until = null, probe_at = null
       where provider = $1 and key = $2 and state = 'open' and lease_id = $3 returning 1
     ), ramped as (
       update llm_limits set ramp_from_ms = llm_now_ms()
       where provider = $1 and key = $2 and exists (select from closed)
     )
     select exists (select from closed) as closed`,
    [provider, key, leaseId],
  )
  return rows[0]?.closed === true
}

/** A probe that failed doubles the pause, up to 10 minutes, and says why it is open now. */
export async function prolongBreaker(
  pool: Pool,
  { provider, key }: ProviderKey,
  { leaseId, reason, message }: { leaseId: string; reason: BreakerReason; message: string },
): Promise<void> {
  const doubled = `least(pause_ms * 2, ${LONGEST_PAUSE_MS})`
  await pool.query(
    `update llm_breakers set reason = $4, message = $5, pause_ms = ${doubled},
       probe_at = now() + ${PAUSE(doubled)}, lease_id = null, lease_until = null
     where provider = $1 and key = $2 and state = 'open' and lease_id = $3`,
    [provider, key, leaseId, reason, message],
  )
}

/** Gives up a probe that showed nothing: the next caller may try, at once or after the same pause again. */
export async function returnLease(
  pool: Pool,
  { provider, key }: ProviderKey,
  { leaseId, atOnce }: { leaseId: string; atOnce: boolean },
): Promise<void> {
  await pool.query(
    `update llm_breakers set lease_id = null, lease_until = null,
       probe_at = case when $4 then now() else now() + ${PAUSE('pause_ms')} end
     where provider = $1 and key = $2 and state = 'open' and lease_id = $3`,
    [provider, key, leaseId, atOnce],
  )
}
