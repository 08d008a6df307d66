import type { Pool } from 'pg'
import type { Accepted, Delivery } from '../contracts/event.ts'
import { retryDeadlock } from '../store/deadlock.ts'
import { within } from '../store/deadline.ts'
import { createGroup } from '../store/group.ts'
import { insertDeliveries } from './deliveries.ts'
import type { InboxEvent } from './events-table.ts'
import { type Incoming, toIncoming } from './incoming.ts'
import { createRush, type Rush } from './rush.ts'

/**
 * Makes the verified events of a request durable once, all or none, and answers each in its order. Resolves after the
 * commit; rejects with {@link InboxUnavailable} within 2 s, and a quarter of a second for each megabyte, when Postgres
 * cannot keep them.
 */
export type Accept = (delivery: Delivery) => Promise<Accepted[]>

/** The inbox cannot keep the event: the sender must deliver it again. */
export class InboxUnavailable extends Error {
  override readonly name = 'InboxUnavailable'
}

// Two: while one statement waits for the disk, the next is on its way. More only queue up in Postgres.
const STATEMENTS_AT_ONCE = 2
const DELIVERIES_PER_STATEMENT = 500
// Twenty bodies of GitHub's largest size in one statement would be half a gigabyte, here and in Postgres.
const BYTES_PER_STATEMENT = 16 * 1024 * 1024
// Senders are answered within 2 s, also when Postgres hangs. Large bodies get longer, up to 8 s for the 25 MB of GitHub,
// which waits for ten and does not come again.
const DEADLINE_MS = 1_800
const DEADLINE_MS_PER_BYTE = 250 / (1024 * 1024)

/**
 * Writes events to the inbox, many at a time. `onAccepted` gets each event that has something to dispatch, after its
 * caller was told; callers who wait are counted in `rush`.
 */
export function createAccept(
  pool: Pool,
  onAccepted: (event: InboxEvent) => void,
  rush: Rush = createRush(),
): Accept {
  const group = createGroup({
    // Rows stand aside by key and by digest, and no order of rows serves both: of two statements that wait for each
    // other Postgres ends one. Repeated, it finds what the other has written.
    write: (deliveries: Incoming[][]) =>
      within(
        deadlineOf(deliveries),
        'Postgres',
        retryDeadlock(() => insertDeliveries(pool, deliveries)),
      ),
    statementsAtOnce: STATEMENTS_AT_ONCE,
    itemsPerStatement: DELIVERIES_PER_STATEMENT,
    bytesOf,
    bytesPerStatement: BYTES_PER_STATEMENT,
  })

  return async (delivery) => {
    // Its ids are made once: a statement that is repeated after it was committed meets its own rows, and knows them.
    const incoming = toIncoming(delivery)
    const inserted = await rush
      .during(() => group.add(incoming))
      .catch((cause: unknown) => {
        throw new InboxUnavailable('The inbox cannot keep the event.', { cause })
      })
    for (const { event, open } of inserted) if (open) setImmediate(onAccepted, event)
    return inserted.map(({ id, status }) => ({ id, status }))
  }
}

function deadlineOf(deliveries: Incoming[][]): number {
  let bytes = 0
  for (const delivery of deliveries) bytes += bytesOf(delivery)
  return Math.round(DEADLINE_MS + bytes * DEADLINE_MS_PER_BYTE)
}

function bytesOf(delivery: Incoming[]): number {
  let bytes = delivery[0]?.request?.raw?.length ?? 0
  for (const { event } of delivery) bytes += event.body.length
  return bytes
}
