import { messageOf } from './contracts/message-of.ts'
import type { House } from './house.ts'
import type { Backlog } from './inbox/backlog.ts'
import { within } from './store/deadline.ts'

/** What each part of a process says of itself. */
export type Readiness = () => Promise<Record<string, { ok: boolean; detail: string }>>

const DEADLINE_MS = 1_000

/**
 * Readiness of `serve`: Postgres decides. It keeps and answers while Temporal is away, and while it puts off senders
 * who deliver again; it says both.
 */
export const createServeReadiness =
  (
    house: House,
    { backlog, maxOpenEvents }: { backlog: Backlog; maxOpenEvents: number },
  ): Readiness =>
  async () => {
    const [postgres, reached] = await Promise.all([askPostgres(house), askTemporal(house)])
    const detail = reached.ok ? reached.detail : `away, events are kept: ${reached.detail}`
    return {
      postgres,
      temporal: { ok: true, detail },
      inbox: { ok: true, detail: describe(backlog, maxOpenEvents) },
    }
  }

function describe({ current, isShedding }: Backlog, maxOpenEvents: number): string {
  const found = current()
  if (found === null) return 'not looked at yet'
  const age =
    found.openEvents === 0 ? '' : `, the oldest since ${Math.round(found.oldestSeconds)} s`
  const shedding = isShedding() ? '; senders who deliver again get 503' : ''
  // Nobody counts further than that.
  const count = found.openEvents > maxOpenEvents ? `more than ${maxOpenEvents}` : found.openEvents
  return `${count} open events${age}${shedding}`
}

/** Readiness of `work`: Postgres, Temporal, and workers that poll. */
export const createWorkReadiness =
  (house: House, isPolling: () => boolean): Readiness =>
  async () => {
    const [postgres, temporal] = await Promise.all([askPostgres(house), askTemporal(house)])
    const workers = { ok: isPolling(), detail: isPolling() ? 'poll' : 'are starting' }
    return { postgres, temporal, workers }
  }

const askPostgres = ({ pool }: House) =>
  answers(() => within(DEADLINE_MS, 'Postgres', pool.query('select 1')))

const askTemporal = ({ temporal }: House) =>
  answers(async () => {
    const { workflowService } = temporal.client().connection
    await within(DEADLINE_MS, 'Temporal', workflowService.getSystemInfo({}))
  })

async function answers(ask: () => Promise<unknown>): Promise<{ ok: boolean; detail: string }> {
  try {
    await ask()
    return { ok: true, detail: 'answers' }
  } catch (error) {
    return { ok: false, detail: messageOf(error) }
  }
}
