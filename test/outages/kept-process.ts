import { setTimeout as sleep } from 'node:timers/promises'
import type { Service } from '../../dev/service.ts'

/** A process that is started again whenever it ends, as an orchestrator does. */
export interface KeptProcess {
  /** Ends it by `kill -9`, whatever it is doing; where it is being started again, as soon as it lives. */
  kill(): Promise<void>
  /** Starts it no more; the one that lives goes on. */
  leave(): void
}

// A process that cannot start, say without Postgres, is not tried in a tight loop.
const PAUSE_MS = 250

/** Starts a process and keeps it running. */
export function keepRunning(launch: () => Service): KeptProcess {
  let current = Promise.resolve(launch())
  const left = new AbortController()
  void keep()

  return {
    async kill() {
      while (!left.signal.aborted && !killed(await current)) await sleep(PAUSE_MS)
    },
    leave: () => left.abort(),
  }

  async function keep(): Promise<void> {
    for (;;) {
      const { ended } = await current
      await ended
      if (left.signal.aborted) return
      current = sleep(PAUSE_MS).then(launch)
    }
  }
}

function killed({ pid }: Service): boolean {
  try {
    return pid !== undefined && process.kill(pid, 'SIGKILL')
  } catch {
    // It has just ended by itself.
    return false
  }
}
