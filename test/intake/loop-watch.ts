/** Watches how long the event loop of this process is held. */
export interface LoopWatch {
  /** The longest time since the last question for which nothing else could run, in milliseconds. */
  longestHoldMs(): number
  /** The most memory that the process had since the last question, in bytes. */
  peakBytes(): number
}

const TICK_MS = 1

/**
 * Counts what the thread worked between two ticks, not how late they were: on a busy machine every process is late, and
 * what waits for a core holds nobody up by its own doing.
 */
export function createLoopWatch(): LoopWatch {
  let longestUs = 0
  let peak = 0
  let before = worked()
  setInterval(() => {
    const now = worked()
    longestUs = Math.max(longestUs, now - before)
    peak = Math.max(peak, process.memoryUsage.rss())
    before = now
  }, TICK_MS)

  return {
    longestHoldMs() {
      const found = longestUs / 1_000
      longestUs = 0
      return found
    },
    peakBytes() {
      const found = peak
      peak = 0
      return found
    },
  }
}

function worked(): number {
  const { user, system } = process.threadCpuUsage()
  return user + system
}
