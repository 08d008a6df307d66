import { ChatFailure } from './chat.ts'

/** Ends a call that has gone silent. */
export interface Watchdog {
  /** Aborts when the time is up. */
  signal: AbortSignal
  /** Starts the time anew; `waitingFor` says in the failure what did not come. */
  arm(ms: number, waitingFor: string): void
  /** Something came: the time that was set last starts anew. Cheap enough for every piece of a stream. */
  hear(): void
  /** Why the call was ended; null where it was not ended by this watchdog. */
  failure(): ChatFailure | null
  stop(): void
}

/** A watchdog with a controller of its own: a stall must never look like a cancelled run. */
export function createWatchdog(): Watchdog {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let failure: ChatFailure | null = null

  return {
    signal: controller.signal,
    arm(ms, waitingFor) {
      clearTimeout(timer)
      timer = setTimeout(() => {
        failure = new ChatFailure({
          code: 'LLM.Timeout',
          retryable: true,
          message: `The provider sent no ${waitingFor} within ${ms} ms.`,
        })
        controller.abort(failure)
      }, ms)
    },
    hear: () => void timer?.refresh(),
    failure: () => failure,
    stop() {
      clearTimeout(timer)
      // A timer that was stopped would start again when it is refreshed.
      timer = undefined
    },
  }
}
