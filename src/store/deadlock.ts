import { DatabaseError } from 'pg'

// Each time somebody else has got on with theirs; more than a few in a row is another fault.
const MOST_TRIES = 5

/** Repeats a statement of its own that Postgres ended because it and another waited for each other. */
export async function retryDeadlock<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      const deadlock = error instanceof DatabaseError && error.code === '40P01'
      if (!deadlock || tries === MOST_TRIES) throw error
    }
  }
}
