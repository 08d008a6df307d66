import { z } from 'zod'
import type { Background } from './attempt.ts'

/** What heartbeats carry to the next attempt. */
export type Going = z.infer<typeof Going>
const Going = z
  .object({ provider: z.string(), responseId: z.string(), reservationId: z.string() })
  .nullable()
  .catch(null)

// How the SDK calls the end of a worker's grace time. Another worker takes the call up then.
const WORKER_SHUTDOWN = 'WORKER_SHUTDOWN'

/** Remembers by heartbeats what goes on in the background: a worker that dies leaves its last one behind. */
export function createBackground({
  details,
  heartbeat,
}: {
  /** Of the last heartbeat of an earlier attempt. */
  details: unknown
  heartbeat(going: Going): void
}): Background & { beat(): void } {
  const before = Going.parse(details ?? null)
  let going = before

  return {
    beat: () => heartbeat(going),
    resume: (provider) => (before?.provider === provider ? before : undefined),
    begun: remember,
    over() {
      if (going !== null) remember(null)
    },
    givesUp: (reason) => !(reason instanceof Error) || reason.message !== WORKER_SHUTDOWN,
  }

  // At once: the next moment may be the last.
  function remember(next: Going): void {
    going = next
    heartbeat(going)
  }
}
