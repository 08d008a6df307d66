import { DatabaseError, type Pool } from 'pg'
import { createGroup } from '../store/group.ts'
import { type Reservation, ReservationClosed, reserve, type Reserved } from './budgets.ts'
import { settle, type Settlement, takeOver } from './reservations.ts'

/** The budgets as a process that makes many calls at once uses them. */
export interface Budgets {
  reserve(reservation: Reservation): Promise<Reserved>
  /** Prolongs what an earlier attempt has reserved; false where that is settled, or there was nothing to reserve. */
  takeOver(reservation: Pick<Reservation, 'id' | 'lifeMs'>): Promise<boolean>
  settle(settlement: Settlement): Promise<boolean>
}

// Calls of one budget wait for its row one after the other. More statements would only take connections away from
// whatever else the process does.
const AT_ONCE = 2

/** Lets calls queue here for their budgets, and not in the pool: a burst leaves its connections to others. */
export function createBudgets(pool: Pool): Budgets {
  return {
    reserve: queued((reservation) => reserve(pool, reservation)),
    takeOver: queued((reservation) => takeOver(pool, reservation)),
    settle: queued((settlement) => settle(pool, settlement)),
  }
}

function queued<Item, Result>(work: (item: Item) => Promise<Result>) {
  const group = createGroup<Item, PromiseSettledResult<Result>>({
    write: (items) => Promise.all(items.map(attempt)),
    statementsAtOnce: AT_ONCE,
    itemsPerStatement: 1,
  })

  return async (item: Item): Promise<Result> => {
    const outcome = await group.add(item)
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  }

  // What Postgres or the item itself is to blame for is that item's own failure. Where Postgres cannot be reached,
  // everybody who waits hears of it at once.
  async function attempt(item: Item): Promise<PromiseSettledResult<Result>> {
    try {
      return { status: 'fulfilled', value: await work(item) }
    } catch (reason) {
      if (reason instanceof DatabaseError || reason instanceof ReservationClosed) {
        return { status: 'rejected', reason }
      }
      throw reason
    }
  }
}
