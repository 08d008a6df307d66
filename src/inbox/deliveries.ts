import type { Pool } from 'pg'
import type { Accepted } from '../contracts/event.ts'
import { inTransaction } from '../store/transaction.ts'
import { keepOthers } from './duplicates.ts'
import type { Incoming } from './incoming.ts'
import { type InboxEvent, insertEvents, type Queryable } from './events-table.ts'

/** What one insert did for one event. */
export interface Inserted extends Accepted {
  event: InboxEvent
  /** True when there is something to dispatch: a new event that is not in quarantine. */
  open: boolean
}

/**
 * Writes the events of requests, all of each request or none. The first with a key stands; the others are answered with
 * its id, or, where they say something else under its key, kept in quarantine. Safe to repeat with the same ids.
 */
export function insertDeliveries(pool: Pool, incoming: Incoming[][]): Promise<Inserted[][]> {
  // One statement is a transaction of its own, and one event is all or none by itself.
  return incoming.some(({ length }) => length > 1)
    ? inTransaction(pool, (client) => insert(client, incoming))
    : insert(pool, incoming)
}

async function insert(db: Queryable, incoming: Incoming[][]): Promise<Inserted[][]> {
  const all = incoming.flat()
  const written = await insertEvents(db, all)
  const missed = all.filter(({ event }) => !written.has(event.id))
  const others = missed.length === 0 ? undefined : await keepOthers(db, missed)
  return incoming.map((events) =>
    events.map(({ event, reason }): Inserted => {
      const other = others?.get(event.id)
      if (other !== undefined) return { ...other, event, open: false }
      return { id: event.id, status: 'accepted', event, open: reason === undefined }
    }),
  )
}
