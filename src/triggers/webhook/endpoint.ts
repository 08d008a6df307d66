import type { Delivery } from '../../contracts/event.ts'
import type { VerificationStep } from './preset.ts'
import type { Answer } from './request.ts'
import type { Lock, Verified } from './verify.ts'

/** An endpoint that is ready to receive: a source with what its requests are held against. */
export interface Endpoint extends Lock {
  source: string
  /** The largest body, before and after it is decompressed. */
  limitBytes: number
  /** After how many minutes an event that nobody could dispatch expires; never where absent. */
  expiresAfterMinutes?: number
}

/** What a request came to: events to keep, an answer that keeps nothing, or the reason why it gets no further. */
export type Received =
  | { outcome: 'events'; delivery: Delivery; request: Verified }
  | { outcome: 'answered'; answer: Answer }
  | { outcome: 'refused'; step: VerificationStep; reason: string }
  /** Really from the sender, and larger than its endpoint takes once it is decompressed. */
  | { outcome: 'too_large' }
