import type { Pool } from 'pg'
import type { Accepted, ReceivedEvent } from '../contracts/event.ts'
import { within } from '../store/deadline.ts'
import { createGroup } from '../store/group.ts'
import { type InboxEvent, insertEvents } from './events-table.ts'

/**
 * Makes a verified event durable once. Resolves after the commit; rejects with {@link InboxUnavailable} within 2 s
 * when Postgres cannot keep it.
 */
export type Accept = (event: ReceivedEvent) => Promise<Accepted>

/** The inbox cannot keep the event: the sender must deliver it again. */
export class InboxUnavailable extends Error {
  override readonly name = 'InboxUnavailable'
}

// Two: while one statement waits for the disk, the next is on its way. More only queue up in Postgres.
const STATEMENTS_AT_ONCE = 2
const EVENTS_PER_STATEMENT = 500
// Senders are answered within 2 s, also when Postgres hangs.
const DEADLINE_MS = 1_800

/**
 * Writes events to the inbox, many at a time. `onAccepted` gets each event that has something to dispatch, after its
 * caller was told.
 */
export function createAccept(pool: Pool, onAccepted: (event: InboxEvent) => void): Accept {
  const group = createGroup({
    write: (events: ReceivedEvent[]) => within(DEADLINE_MS, 'Postgres', insertEvents(pool, events)),
    statementsAtOnce: STATEMENTS_AT_ONCE,
    itemsPerStatement: EVENTS_PER_STATEMENT,
  })

  return async (received) => {
    const { id, status, event, open } = await group.add(received).catch((cause: unknown) => {
      throw new InboxUnavailable('The inbox cannot keep the event.', { cause })
    })
    if (open) setImmediate(onAccepted, event)
    return { id, status }
  }
}
