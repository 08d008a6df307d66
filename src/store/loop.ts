import type { Logger } from 'pino'

/** Work that is done again and again until it is stopped. */
export interface Loop {
  /** Resolves when the round under way is over. */
  stop(): Promise<void>
}

// The first may be a connection that was slow, as at a busy start: the next round says more.
const FAILURES_TO_TELL = 2

/**
 * Runs a round at once, and again `intervalMs` after each end. The second failure in a row is logged, and the round
 * that then succeeds: an outage of an hour is two lines.
 */
export function createLoop({
  name,
  intervalMs,
  round,
  log,
}: {
  name: string
  intervalMs: number
  round(signal: AbortSignal): Promise<void>
  log: Logger
}): Loop {
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let failures = 0
  let underWay = run()

  return {
    async stop() {
      stopping.abort()
      clearTimeout(timer)
      await underWay
    },
  }

  async function run(): Promise<void> {
    try {
      await round(stopping.signal)
      if (failures >= FAILURES_TO_TELL) log.info({ loop: name }, 'loop works again')
      failures = 0
    } catch (error) {
      failures += 1
      if (failures === FAILURES_TO_TELL) {
        log.error({ err: error, loop: name }, 'loop fails and goes on trying')
      }
    }
    if (stopping.signal.aborted) return
    timer = setTimeout(() => (underWay = run()), intervalMs)
  }
}
