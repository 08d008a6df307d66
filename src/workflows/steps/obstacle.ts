import { failureClass, type FailureDetails } from '../../contracts/failures.ts'
import { failureOf } from '../../contracts/failure-of.ts'

/** What stands in the way of a model call, as far as the run can do something about it. */
export type Obstacle =
  /** The answer had the wrong form. */
  | { kind: 'invalid' }
  | {
      kind: 'budget'
      subject: string
      until: string | null
      asked: { micros: number; tokens: number }
    }
  /** ISO 8601 in `until`: when it goes on in any case; null where only somebody can help. */
  | { kind: 'provider'; subject: string; until: string | null }
  /** Given up, or hopeless from the start: somebody has to look at it. */
  | { kind: 'operator' }

/** Reads what stands in the way out of the failure of the activity. */
export function obstacleOf(error: unknown): Obstacle {
  const { code } = failureOf(error)
  const { subject, until = null, asked } = detailsOf(error)
  const kind = failureClass(code)
  if (kind === 'invalid') return { kind }
  if (subject === undefined) return { kind: 'operator' }
  if (kind === 'budget' && asked !== undefined) return { kind, subject, until, asked }
  return { kind: 'provider', subject, until }
}

// Goes by shape: the error of an activity wraps the failure that carries the details.
function detailsOf(error: unknown): FailureDetails {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const details: unknown = 'details' in cause ? cause.details : undefined
    if (Array.isArray(details) && details.length > 0) return toDetails(details[0])
  }
  return {}
}

function toDetails(detail: unknown): FailureDetails {
  if (typeof detail !== 'object' || detail === null) return {}
  const subject = 'subject' in detail ? detail.subject : undefined
  const until = 'until' in detail ? detail.until : undefined
  const asked = 'asked' in detail ? askedOf(detail.asked) : undefined
  return {
    ...(typeof subject === 'string' ? { subject } : {}),
    ...(typeof until === 'string' ? { until } : {}),
    ...(asked === undefined ? {} : { asked }),
  }
}

function askedOf(asked: unknown): FailureDetails['asked'] {
  if (typeof asked !== 'object' || asked === null) return undefined
  if (!('micros' in asked) || !('tokens' in asked)) return undefined
  const { micros, tokens } = asked
  return typeof micros === 'number' && typeof tokens === 'number' ? { micros, tokens } : undefined
}
