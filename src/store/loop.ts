import type { Logger } from 'pino'

/** Work that is done again and again until it is stopped. */
export interface Loop {
  /** Resolves when the round under way is over. */
  stop(): Promise<void>
}

/**
 * Runs a round at once, and again `intervalMs` after each end. A round that fails is logged once until one succeeds
 * again: an outage of an hour is two lines.
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
  let failing = false
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
      if (failing) log.info({ loop: name }, 'loop works again')
      failing = false
    } catch (error) {
      if (!failing) log.error({ err: error, loop: name }, 'loop fails and goes on trying')
      failing = true
    }
    if (stopping.signal.aborted) return
    timer = setTimeout(() => (underWay = run()), intervalMs)
  }
}
