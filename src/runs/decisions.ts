import type { Pool } from 'pg'
import type { Woken } from './wake.ts'

/** Decides an open wait, once: its id, who decides, and the decision as JSON. */
export const DECIDE = `
update waits set resolved_at = now(), resolved_by = $2, resolution = $3, wake_after = now() + interval '2 seconds'
 where id = $1 and resolved_at is null and (expires_at is null or expires_at > now())`

/** Tells the run of a decision. False where it was over before it heard: then the decision does not count. */
export async function reachRun(
  { pool, wake }: { pool: Pool; wake(waitId: string): Promise<Woken> },
  waitId: string,
): Promise<boolean> {
  if ((await wake(waitId)) !== 'gone') return true
  // Unless the run took note of it before it ended.
  const { rowCount } = await pool.query(
    `update waits set wake_after = null, resolved_by = 'run', resolution = null
      where id = $1 and wake_after is not null`,
    [waitId],
  )
  return rowCount !== 1
}

/** Why a wait could not be decided, by how it stands now. */
export function standingOf(status: string): 'run_finished' | 'expired' | 'already_decided' {
  if (status === 'closed') return 'run_finished'
  return status === 'expired' ? 'expired' : 'already_decided'
}
