import type { Pool } from 'pg'
import type { Approval } from '../contracts/wait.ts'
import { storableText } from '../store/text.ts'
import { DECIDE, reachRun, standingOf } from './decisions.ts'
import type { Woken } from './wake.ts'

/** A person's answer. */
export interface DecisionRequest {
  tenant: string
  /** Id of the approval, or of a run that waits for exactly one. */
  id: string
  outcome: 'approved' | 'rejected'
  by: string
  reason?: string
}

/** What became of an answer. The first one stands; the approval is shown as it stands. */
export type Decided =
  | { outcome: 'decided' | 'already_decided' | 'expired' | 'run_finished'; approval: Approval }
  | { outcome: 'several_open'; approvals: Approval[] }
  | { outcome: 'unknown' }

/** Decides an approval once, whether or not Temporal or a worker can be reached, and tells its run. */
export type Decide = (request: DecisionRequest) => Promise<Decided>

const COLUMNS = `waits.id, run_id as "runId", step, title, details,
  case when resolved_by = 'run' then 'closed'
       when resolved_by = 'timeout' or (resolved_at is null and expires_at <= now()) then 'expired'
       when resolved_at is null then 'open'
       else resolution ->> 'outcome' end as status,
  opened_at as "requestedAt", expires_at as "expiresAt", resolved_at as "decidedAt",
  case when resolution is not null then resolved_by end as "decidedBy", resolution ->> 'reason' as reason`

/** The approvals of a tenant: the open ones with the oldest first, or all with the youngest first. */
export async function listApprovals(
  pool: Pool,
  { tenant, status, limit }: { tenant: string; status: 'open' | 'all'; limit: number },
): Promise<Approval[]> {
  const { rows } = await pool.query<Approval>(
    status === 'open'
      ? `select ${COLUMNS} from waits where kind = 'approval' and tenant = $1 and resolved_at is null
            and (expires_at is null or expires_at > now()) order by opened_at limit $2`
      : `select ${COLUMNS} from waits where kind = 'approval' and tenant = $1 order by opened_at desc limit $2`,
    [tenant, limit],
  )
  return rows
}

/** Decides approvals; `wake` tells the run and answers whether it is still there. */
export function createDecide({
  pool,
  wake,
}: {
  pool: Pool
  wake(waitId: string): Promise<Woken>
}): Decide {
  return async ({ tenant, id, outcome, ...said }) => {
    const by = storableText(said.by)
    const reason = said.reason === undefined ? undefined : storableText(said.reason)
    const before = await find(pool, { tenant, id })
    if (before === undefined) return { outcome: 'unknown' }
    const open = before.id === id ? [] : await listOpenOf(pool, { tenant, runId: id })
    if (open.length > 1) return { outcome: 'several_open', approvals: open }

    const { rowCount } = await pool.query(DECIDE, [
      before.id,
      by,
      JSON.stringify({ outcome, by, ...(reason === undefined ? {} : { reason }) }),
    ])
    const isDecided = rowCount === 1
    const isHeard = isDecided && (await reachRun({ pool, wake }, before.id))
    const approval = (await find(pool, { tenant, id: before.id })) ?? before
    if (isDecided) return { outcome: isHeard ? 'decided' : 'run_finished', approval }
    return { outcome: standingOf(approval.status), approval }
  }
}

async function listOpenOf(
  pool: Pool,
  { tenant, runId }: { tenant: string; runId: string },
): Promise<Approval[]> {
  const { rows } = await pool.query<Approval>(
    `select ${COLUMNS} from waits where kind = 'approval' and tenant = $1 and run_id = $2
        and resolved_at is null order by opened_at`,
    [tenant, runId],
  )
  return rows
}

// By a run's id: its open approval, else the one that was decided last.
async function find(
  pool: Pool,
  { tenant, id }: { tenant: string; id: string },
): Promise<Approval | undefined> {
  const { rows } = await pool.query<Approval>(
    `select ${COLUMNS} from waits where kind = 'approval' and tenant = $1 and (id = $2 or run_id = $2)
      order by resolved_at desc nulls first, opened_at limit 1`,
    [tenant, id],
  )
  return rows[0]
}
