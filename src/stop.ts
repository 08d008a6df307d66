/** Why a process is to end. */
export interface Stop {
  /** Settles at the first SIGINT or SIGTERM, or when npm, which started us, is gone. */
  requested: Promise<void>
}

const LOOK_MS = 1_000

/**
 * Listens for the end. A second Ctrl-C within the stop changes nothing, since npm passes the first one on as well; one
 * that comes two seconds later ends the process at once.
 */
export function listenForStop({ startedByNpm }: { startedByNpm: boolean }): Stop {
  const { promise: requested, resolve } = Promise.withResolvers<void>()
  const parent = process.ppid
  let first: number | undefined

  const stop = (): void => {
    first ??= Date.now()
    if (Date.now() - first > 2_000) process.exit(130)
    resolve()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  if (startedByNpm) {
    // A killed npm forwards nothing.
    setInterval(() => {
      if (process.ppid !== parent) stop()
    }, LOOK_MS).unref()
  }
  return { requested }
}
