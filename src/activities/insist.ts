import { setTimeout as pause } from 'node:timers/promises'
import { isRefused } from '../store/group.ts'

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 5_000

/** Writes what must not be lost, such as a paid answer: an outage of Postgres is outlived until the signal aborts. */
export async function insist<Result>(
  write: () => Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(ms * 2, LONGEST_PAUSE_MS)) {
    try {
      return await write()
    } catch (error) {
      if (signal.aborted || isRefused(error)) throw error
      await pause(ms)
    }
  }
}
