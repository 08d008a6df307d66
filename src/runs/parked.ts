import type { Pool, PoolClient } from 'pg'
import { z } from 'zod'
import type { ParkedStep } from '../contracts/wait.ts'
import { storableText } from '../store/text.ts'
import { inTransaction } from '../store/transaction.ts'
import { DECIDE, reachRun, standingOf } from './decisions.ts'
import type { Woken } from './wake.ts'

/** What an operator says about a parked step. */
export type ParkedRequest = {
  tenant: string
  runId: string
  step: string
  by: string
  reason?: string
} & ({ action: 'retry' | 'fail' } | { action: 'skip'; value: unknown })

/** What became of it. The first decision stands; the step is shown as it stands. */
export type ParkedDecided =
  | { outcome: 'decided' | 'already_decided' | 'expired' | 'run_finished'; parked: ParkedStep }
  /** What is wrong with the value. */
  | { outcome: 'wrong_value'; detail: string }
  | { outcome: 'unknown' }

/** Decides a parked step once, whether or not Temporal or a worker can be reached, and tells its run. */
export type DecideParked = (request: ParkedRequest) => Promise<ParkedDecided>

interface DecideDependencies {
  pool: Pool
  wake(waitId: string): Promise<Woken>
  /** What is wrong with a value in the place of a prompt's answer; null where it fits. */
  checkValue(prompt: string, value: unknown): Promise<string | null>
  /** Writes the value as the answer to this ask, within the transaction. */
  standIn(
    client: PoolClient,
    answer: {
      tenant: string
      runId: string
      step: string
      ask: number
      prompt: string
      value: unknown
    },
  ): Promise<void>
}

const COLUMNS = `id, run_id as "runId", step, details -> 'failure' as failure, opened_at as "parkedAt",
  expires_at as "expiresAt",
  case when resolved_by = 'run' then 'closed'
       when resolved_by = 'timeout' or (resolved_at is null and expires_at <= now()) then 'expired'
       when resolved_at is null then 'open'
       else resolution ->> 'action' end as status,
  resolved_at as "decidedAt", case when resolution is not null then resolved_by end as "decidedBy",
  resolution ->> 'reason' as reason`

/** The parked steps of a tenant: the open ones with the oldest first, or all with the youngest first. */
export async function listParked(
  pool: Pool,
  { tenant, status, limit }: { tenant: string; status: 'open' | 'all'; limit: number },
): Promise<ParkedStep[]> {
  const open = `and resolved_at is null and (expires_at is null or expires_at > now()) order by opened_at`
  const { rows } = await pool.query<ParkedStep>(
    `select ${COLUMNS} from waits where kind = 'operator' and tenant = $1
       ${status === 'open' ? open : 'order by opened_at desc'} limit $2`,
    [tenant, limit],
  )
  return rows
}

/** Makes the decisions about parked steps. */
export function createDecideParked(dependencies: DecideDependencies): DecideParked {
  const { pool } = dependencies

  return async (request) => {
    const { tenant, runId, step } = request
    const before = await find(pool, { tenant, runId, step })
    if (before === undefined) return { outcome: 'unknown' }
    if (request.action === 'skip') {
      const { prompt } = await questionOf(pool, before.id)
      const detail = await dependencies.checkValue(prompt, request.value)
      if (detail !== null) return { outcome: 'wrong_value', detail }
    }
    const isDecided = await decide(before.id, request)
    const isHeard = isDecided && (await reachRun(dependencies, before.id))
    const parked = (await find(pool, { tenant, runId, step })) ?? before
    if (isDecided) return { outcome: isHeard ? 'decided' : 'run_finished', parked }
    return { outcome: standingOf(parked.status), parked }
  }

  // The value is an answer in the ledger as surely as the decision stands.
  async function decide(id: string, request: ParkedRequest): Promise<boolean> {
    const { tenant, runId, step, action } = request
    const by = storableText(request.by)
    const reason = request.reason === undefined ? {} : { reason: storableText(request.reason) }
    const value = request.action === 'skip' ? { value: request.value } : {}
    return inTransaction(pool, async (client) => {
      const { rowCount } = await client.query(DECIDE, [
        id,
        by,
        JSON.stringify({ action, by, ...reason, ...value }),
      ])
      if (rowCount === 1 && request.action === 'skip') {
        const { ask, prompt, declining } = await questionOf(client, id)
        const { value: output } = request
        const answer = declining ? { outcome: 'answered', output } : output
        await dependencies.standIn(client, {
          tenant,
          runId,
          step,
          ask: ask + 1,
          prompt,
          value: answer,
        })
      }
      return rowCount === 1
    })
  }
}

const Question = z.object({ ask: z.int(), prompt: z.string(), declining: z.boolean() })

async function questionOf(
  pool: Pick<Pool, 'query'> | PoolClient,
  id: string,
): Promise<z.infer<typeof Question>> {
  const { rows } = await pool.query<{ details: unknown }>(
    'select details from waits where id = $1',
    [id],
  )
  return Question.parse(rows[0]?.details)
}

// The open one of the step, else the one that was decided last.
async function find(
  pool: Pool,
  { tenant, runId, step }: { tenant: string; runId: string; step: string },
): Promise<ParkedStep | undefined> {
  const { rows } = await pool.query<ParkedStep>(
    `select ${COLUMNS} from waits where kind = 'operator' and tenant = $1 and run_id = $2 and step = $3
      order by resolved_at desc nulls first, opened_at desc limit 1`,
    [tenant, runId, step],
  )
  return rows[0]
}
