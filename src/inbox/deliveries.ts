import type { Pool } from 'pg'
import type { Accepted, Delivery } from '../contracts/event.ts'
import { keepOthers } from './duplicates.ts'
import { toIncoming } from './incoming.ts'
import { type InboxEvent, insertEvents } from './events-table.ts'

/** What one insert did for one event. */
export interface Inserted extends Accepted {
  event: InboxEvent
  /** True when there is something to dispatch: a new event that is not in quarantine. */
  open: boolean
}

/**
 * Writes deliveries in one statement. The first with a key stands; the others are answered with its id, or, where they
 * say something else under its key, kept in quarantine.
 */
export async function insertDeliveries(pool: Pool, deliveries: Delivery[]): Promise<Inserted[][]> {
  const incoming = deliveries.map(toIncoming)
  const all = incoming.flat()
  const written = await insertEvents(pool, all)
  const missed = all.filter(({ event }) => !written.has(event.id))
  const others = missed.length === 0 ? undefined : await keepOthers(pool, missed)
  return incoming.map((events) =>
    events.map(({ event, reason }): Inserted => {
      const other = others?.get(event.id)
      if (other !== undefined) return { ...other, event, open: false }
      return { id: event.id, status: 'accepted', event, open: reason === undefined }
    }),
  )
}
