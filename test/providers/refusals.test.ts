import { expect, test } from 'vitest'
import { type Refusal, ruleOn } from '../../src/providers/refusals.ts'

interface Said extends Partial<Refusal> {
  header?: Record<string, string>
}

const rule = ({ header, ...refusal }: Said) =>
  ruleOn({ message: '', ...refusal, headers: new Headers(header) })

const emptied = {
  'x-ratelimit-remaining-tokens': '0',
  'x-ratelimit-reset-tokens': '6m0s',
  'x-ratelimit-remaining-requests': '3',
  'x-ratelimit-reset-requests': '1h',
}
const limited = { status: 429, code: 'rate_limit_exceeded' }

test.each<[said: Said, code: string, ms?: number]>([
  [{ ...limited, header: { 'retry-after': '7' } }, 'RateLimited', 7_000],
  [{ ...limited, header: { 'retry-after-ms': '1500', 'retry-after': '9' } }, 'RateLimited', 1_500],
  [{ ...limited, header: emptied }, 'RateLimited', 360_000],
  [{ status: 429 }, 'RateLimited'],
  [{ code: 'rate_limit_exceeded' }, 'RateLimited'],
  [{ type: 'rate_limit_error', header: { 'retry-after': '3' } }, 'RateLimited', 3_000],
  [{ message: 'please slow_down' }, 'RateLimited'],
  [{ code: '429' }, 'RateLimited'],
])('%j is throttled: LLM.%s', (said, code, ms) => {
  expect(rule(said)).toEqual({
    code: `LLM.${code}`,
    class: 'throttled',
    retryable: true,
    ...(ms !== undefined && { retryAfterMs: ms }),
  })
})

test.each<[said: Said, code: string, ms?: number]>([
  [{ status: 429, code: 'slow_down', header: { 'retry-after': '2' } }, 'SlowDown', 15_000],
  [{ status: 429, type: 'slow_down', header: { 'retry-after': '60' } }, 'SlowDown', 60_000],
  [{ status: 408 }, 'Transient'],
  [{ status: 409, header: { 'retry-after': '1' } }, 'Transient', 1_000],
  [{ status: 425 }, 'Transient'],
  [{ status: 500 }, 'Server'],
  [{ status: 502, header: { 'retry-after': '1' } }, 'Server', 1_000],
  [{ status: 503, header: { 'retry-after': '2' } }, 'Overloaded', 2_000],
  [{ status: 503, code: 'server_is_overloaded' }, 'Overloaded', 10_000],
  [{ status: 529, type: 'overloaded_error' }, 'Overloaded', 10_000],
  [{ status: 500, type: 'overloaded_error' }, 'Overloaded', 10_000],
  [{ status: 400, header: { 'x-should-retry': 'true' } }, 'Http400'],
  [{ status: 404, header: { 'x-should-retry': 'true', 'retry-after': '4' } }, 'Http404', 4_000],
  [{ code: 'server_error' }, 'StreamError'],
  [{ code: '502' }, 'StreamError'],
  [{ message: 'overloaded' }, 'StreamError'],
  [{ type: 'timeout', header: { 'retry-after': '5' } }, 'StreamError', 5_000],
  [{ status: 302 }, 'Unknown'],
])('%j may pass: LLM.%s', (said, code, ms) => {
  expect(rule(said)).toEqual({
    code: `LLM.${code}`,
    class: 'transient',
    retryable: true,
    ...(ms !== undefined && { retryAfterMs: ms }),
  })
})

test.each<[said: Said]>([
  [{ status: 429, code: 'project_spend_limit_exceeded', type: 'insufficient_quota' }],
  [{ status: 429, code: 'insufficient_quota', header: { 'retry-after': '9' } }],
  [{ status: 429, type: 'insufficient_quota', header: { 'x-should-retry': 'true' } }],
  [{ status: 403, type: 'enforced_spend_limit_reached' }],
  [{ status: 400, code: 'budget_exceeded' }],
  [{ status: 402 }],
  [{ code: 'billing_hard_limit_reached' }],
  [{ code: 'credit_balance_exhausted' }],
])('%j is about money: nothing is tried again, and the provider is left alone', (said) => {
  expect(rule(said)).toEqual({ code: 'LLM.BillingExhausted', class: 'billing', retryable: false })
})

test.each<[said: Said, code: string]>([
  [{ status: 401 }, 'Auth'],
  [{ status: 403 }, 'Auth'],
  [{ status: 403, header: { 'x-should-retry': 'true' } }, 'Auth'],
  [{ status: 500, header: { 'x-should-retry': 'false' } }, 'Http500'],
  [{ status: 429, header: { 'x-should-retry': 'false' } }, 'Http429'],
  [{ status: 501 }, 'Server'],
  [{ status: 505 }, 'Server'],
  [{ status: 404 }, 'ModelNotFound'],
  [{ status: 400, code: 'model_not_found' }, 'ModelNotFound'],
  [{ status: 400, message: "This model's maximum context length is 4096 tokens" }, 'ContextLength'],
  [{ status: 400, code: 'string_above_max_length' }, 'ContextLength'],
  [{ status: 413 }, 'ContextLength'],
  [{ status: 413, header: { 'x-should-retry': 'false' } }, 'ContextLength'],
  [{ message: 'prompt is too long' }, 'ContextLength'],
  [{ status: 400, code: 'content_policy_violation' }, 'ContentFilter'],
  [{ status: 400, code: 'ResponsibleAIPolicyViolation' }, 'ContentFilter'],
  [{ status: 400, code: 'safety' }, 'ContentFilter'],
  [{ status: 400, code: 'misalignment_policy_violation' }, 'ContentFilter'],
  [{ status: 400, code: 'image_content_policy_violation' }, 'ContentFilter'],
  [{ status: 400, message: 'Unknown parameter: safety_identifier' }, 'BadRequest'],
  [{ code: 'content_filter' }, 'ContentFilter'],
  [{ code: 'misalignment_policy_violation' }, 'ContentFilter'],
  [{ code: 'image_content_policy_violation' }, 'ContentFilter'],
  [{ status: 400 }, 'BadRequest'],
  [{ status: 400, header: { 'x-should-retry': 'false' } }, 'BadRequest'],
  [{ status: 422 }, 'BadRequest'],
])('%j is hopeless: LLM.%s', (said, code) => {
  expect(rule(said)).toEqual({ code: `LLM.${code}`, class: 'hopeless', retryable: false })
})
