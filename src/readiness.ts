import type { House } from './house.ts'

/** What each part of a process says of itself. */
export type Readiness = () => Promise<Record<string, { ok: boolean; detail: string }>>

/**
 * Whether a process can do its work. `serve` needs Postgres only: it keeps and answers while Temporal is away, and
 * says so.
 */
export const createReadiness =
  ({ pool, temporal }: House, { needsTemporal }: { needsTemporal: boolean }): Readiness =>
  async () => {
    const [postgres, reached] = await Promise.all([
      answers(async () => void (await pool.query('select 1'))),
      answers(async () => {
        const { connection } = temporal.client()
        await connection.withDeadline(Date.now() + 1_000, () =>
          connection.workflowService.getSystemInfo({}),
        )
      }),
    ])
    return {
      postgres,
      temporal: needsTemporal
        ? reached
        : {
            ok: true,
            detail: reached.ok ? reached.detail : `away, events are kept: ${reached.detail}`,
          },
    }
  }

async function answers(ask: () => Promise<void>): Promise<{ ok: boolean; detail: string }> {
  try {
    await ask()
    return { ok: true, detail: 'answers' }
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) }
  }
}
