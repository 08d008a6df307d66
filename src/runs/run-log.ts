import type { Logger } from 'pino'
import type { Pool } from 'pg'
import type { NewRunEvent, StoredRunEvent } from '../contracts/run.ts'
import { createGroup } from '../store/group.ts'
import { appendEvents, readEvents } from './event-table.ts'
import { createNews } from './news.ts'

/** What happened in runs, in order, kept in Postgres. */
export interface RunLog {
  /** Resolves after the commit. Repeating it with the same keys adds nothing. */
  append(events: NewRunEvent[]): Promise<void>
  /** Delivers a run's events after `after`: first what is stored, then each as it happens, in order, none twice. */
  follow(runId: string, follower: Follower): Following
  close(): Promise<void>
}

/** Who reads along. */
export interface Follower {
  /** The `seq` that the reader has seen last; 0 for all. */
  after: number
  onEvents(events: StoredRunEvent[]): void
}

/** A reader at work. */
export interface Following {
  close(): void
}

const EVENTS_PER_READ = 500

/** Opens the log. The connection that listens for other processes' news opens with the first follower. */
export function createRunLog(pool: Pool, log: Logger): RunLog {
  const news = createNews({ pool, log })
  // One statement at a time keeps the order in which a run reported.
  const group = createGroup({
    write: async (batch: NewRunEvent[][]) => {
      for (const runId of await appendEvents(pool, batch.flat())) news.announce(runId)
      return batch.map(() => true)
    },
    statementsAtOnce: 1,
    itemsPerStatement: 200,
  })

  return {
    async append(events) {
      if (events.length > 0) await group.add(events)
    },
    follow,
    async close() {
      await group.idle()
      await news.close()
    },
  }

  function follow(runId: string, follower: Follower): Following {
    let after = follower.after
    const closing = new AbortController()
    let reading = false
    let again = false
    const unwatch = news.watch(runId, () => void read())
    void read()
    return {
      close() {
        closing.abort()
        unwatch()
      },
    }

    async function read(): Promise<void> {
      again = true
      if (reading) return
      reading = true
      while (again && !closing.signal.aborted) {
        again = false
        await deliver()
      }
      reading = false
    }

    async function deliver(): Promise<void> {
      try {
        const events = await readEvents(pool, { runId, after, limit: EVENTS_PER_READ })
        if (closing.signal.aborted || events.length === 0) return
        after = events.at(-1)?.seq ?? after
        again ||= events.length === EVENTS_PER_READ
        follower.onEvents(events)
      } catch (error) {
        // The next news, or the look once a second, reads again from the same place.
        log.warn({ err: error, runId }, 'reading a run failed')
      }
    }
  }
}
