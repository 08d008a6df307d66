import { failureClass, type FailureClass, type FailureCode } from '../contracts/failures.ts'
import { retryAfterMs } from './retry-delay.ts'

/** What a provider said instead of an answer. */
export interface Refusal {
  /** Absent where the error came within a stream. */
  status?: number | undefined
  code?: string | undefined
  type?: string | undefined
  message: string
  headers?: Headers | undefined
}

/** What a refusal means. */
export interface Ruling {
  code: FailureCode
  class: FailureClass
  retryable: boolean
  /** The least delay before the next call; the caller's own back-off where absent. */
  retryAfterMs?: number | undefined
}

const BILLING_CODES = new Set([
  'insufficient_quota',
  'credit_balance_exhausted',
  'organization_spend_limit_exceeded',
  'project_spend_limit_exceeded',
  'organization_usage_limit_exceeded',
  'billing_hard_limit_reached',
  'billing_not_active',
  'enforced_spend_limit_reached',
  'budget_exceeded',
])

const OVERLOADED = new Set(['overloaded_error', 'server_is_overloaded'])

const CONTEXT_PATTERN =
  /context_length_exceeded|context_window_exceeded|string_above_max_length|prompt is too long|maximum context length|too many tokens/i

// As whole codes only: within a message `safety` would catch a 400 about the parameter `safety_identifier`.
const POLICY_CODES = new Set([
  'content_filter',
  'content_policy_violation',
  'responsibleaipolicyviolation',
  'invalid_prompt',
  'moderation_blocked',
  'safety',
  'bio_policy',
  'misalignment_policy',
  'misalignment_policy_violation',
  'image_content_policy_violation',
])

const POLICY_PATTERN = /content_filter|content_policy_violation|ResponsibleAIPolicyViolation/i

// A provider that asks to slow down is asked again after this long at the earliest.
const SLOW_DOWN_MS = 15_000

// One that has more than it can do needs longer than the usual 2 s of back-off to get out of it.
const OVERLOADED_MS = 10_000

/** Decides what a refusal means and whether asking again can help. */
export function ruleOn(refusal: Refusal): Ruling {
  const ruling = judge(refusal)
  const told = refusal.headers && retryAfterMs(refusal.headers)
  if (!ruling.retryable) return ruling
  if (ruling.code === 'LLM.SlowDown') {
    return { ...ruling, retryAfterMs: Math.max(told ?? 0, SLOW_DOWN_MS) }
  }
  if (ruling.code === 'LLM.Overloaded') return { ...ruling, retryAfterMs: told ?? OVERLOADED_MS }
  return told === undefined ? ruling : { ...ruling, retryAfterMs: told }
}

function judge(refusal: Refusal): Ruling {
  const { status, code = '', type = '' } = refusal
  if (status === 402 || BILLING_CODES.has(code) || BILLING_CODES.has(type)) {
    return hopeless('LLM.BillingExhausted')
  }
  if (status === undefined) return judgeWithoutStatus(refusal)
  if (status === 401 || status === 403) return hopeless('LLM.Auth')

  const ruling = judgeStatus(status, refusal)
  const advice = refusal.headers?.get('x-should-retry')
  if (advice === 'false' && ruling.retryable) return hopeless(`LLM.Http${status}`)
  if (advice === 'true' && !ruling.retryable && status < 500) return passing(`LLM.Http${status}`)
  return ruling
}

function judgeStatus(status: number, refusal: Refusal): Ruling {
  const { code = '', type = '' } = refusal
  if (status === 429 && (code === 'slow_down' || type === 'slow_down')) {
    return passing('LLM.SlowDown')
  }
  if (status === 429) return passing('LLM.RateLimited')
  if (status === 408 || status === 409 || status === 425) return passing('LLM.Transient')
  if (status === 503 || status === 529 || OVERLOADED.has(code) || OVERLOADED.has(type)) {
    return passing('LLM.Overloaded')
  }
  if (status === 501 || status === 505) return hopeless('LLM.Server')
  if (status >= 500) return passing('LLM.Server')
  if (status === 404 || code === 'model_not_found') return hopeless('LLM.ModelNotFound')
  if (status === 413 || isTooLong(refusal)) return hopeless('LLM.ContextLength')
  if (isAgainstPolicy(refusal)) return hopeless('LLM.ContentFilter')
  if (status >= 400) return hopeless('LLM.BadRequest')
  return passing('LLM.Unknown')
}

function judgeWithoutStatus(refusal: Refusal): Ruling {
  if (refusal.code === '429' || /rate_limit|slow_down/i.test(textOf(refusal))) {
    return passing('LLM.RateLimited')
  }
  if (isTooLong(refusal)) return hopeless('LLM.ContextLength')
  if (isAgainstPolicy(refusal)) return hopeless('LLM.ContentFilter')
  return passing('LLM.StreamError')
}

const isTooLong = (refusal: Refusal): boolean => CONTEXT_PATTERN.test(textOf(refusal))

const isAgainstPolicy = (refusal: Refusal): boolean =>
  POLICY_CODES.has(refusal.code?.toLowerCase() ?? '') ||
  POLICY_CODES.has(refusal.type?.toLowerCase() ?? '') ||
  POLICY_PATTERN.test(refusal.message)

const textOf = ({ code, type, message }: Refusal): string => `${code} ${type} ${message}`

function hopeless(code: FailureCode): Ruling {
  const usual = failureClass(code)
  // 501 and 505 are faults of the server that stay.
  return { code, class: usual === 'transient' ? 'hopeless' : usual, retryable: false }
}

const passing = (code: FailureCode): Ruling => ({
  code,
  class: failureClass(code),
  retryable: true,
})
