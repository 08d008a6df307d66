/** Why a delivery was refused, in the words of the API's problem documents. */
export type RefusalCode =
  | 'invalid_request'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'body_too_large'
  | 'unsupported_media_type'
  | 'too_many_failures'
  | 'overloaded'

/** A request that gets no further. */
export interface Refusal {
  code: RefusalCode
  /** What its sender is told: nothing that would help to guess. */
  detail: string
  /** What did not hold, and why: for operators. */
  step: string
  reason: string
  retryAfterSeconds?: number
}
