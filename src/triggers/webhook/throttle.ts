import { neighbourhoodOf } from './addresses.ts'

/** Counts what addresses got wrong. */
export interface Throttle {
  /** Counts a failure. Answers in how many seconds the address may fail again; null while it may at once. */
  failed(address: string, nowMs: number): number | null
}

interface Failures {
  count: number
  sinceMs: number
}

// A sender with a wrong secret fails a few times a minute; whoever guesses, all the time.
const MOST_FAILURES = 20
const WINDOW_MS = 60_000
// About a megabyte. Beyond, the address that is known for longest is forgotten.
const MOST_ADDRESSES = 10_000

/** Remembers the failures of addresses for a minute. What verifies never comes here. */
export function createThrottle(): Throttle {
  const failures = new Map<string, Failures>()

  return {
    failed(address, nowMs) {
      const sender = neighbourhoodOf(address)
      const known = failures.get(sender)
      if (known === undefined || nowMs - known.sinceMs >= WINDOW_MS) {
        failures.delete(sender)
        forgetOldest()
        failures.set(sender, { count: 1, sinceMs: nowMs })
        return null
      }
      known.count += 1
      if (known.count <= MOST_FAILURES) return null
      return Math.ceil((known.sinceMs + WINDOW_MS - nowMs) / 1_000)
    },
  }

  function forgetOldest(): void {
    if (failures.size < MOST_ADDRESSES) return
    const oldest = failures.keys().next()
    if (oldest.done !== true) failures.delete(oldest.value)
  }
}
