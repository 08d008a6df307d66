import { expect, test } from 'vitest'
import { type Refusal, ruleOn } from '../../src/providers/refusals.ts'

type Case = [
  said: Partial<Refusal> & { header?: Record<string, string> },
  code: string,
  ms?: number,
]

const rule = ({ header, ...refusal }: Case[0]) =>
  ruleOn({ message: '', ...refusal, headers: new Headers(header) })

test.each<Case>([
  [
    { status: 429, code: 'rate_limit_exceeded', header: { 'retry-after': '7' } },
    'RateLimited',
    7_000,
  ],
  [{ status: 429, header: { 'retry-after-ms': '1500', 'retry-after': '9' } }, 'RateLimited', 1_500],
  [{ status: 429 }, 'RateLimited'],
  [{ status: 429, code: 'slow_down', header: { 'retry-after': '2' } }, 'SlowDown', 15_000],
  [{ status: 429, code: 'slow_down', header: { 'retry-after': '60' } }, 'SlowDown', 60_000],
  [{ status: 408 }, 'Transient'],
  [{ status: 409 }, 'Transient'],
  [{ status: 425 }, 'Transient'],
  [{ status: 500 }, 'Server'],
  [{ status: 502 }, 'Server'],
  [{ status: 503, header: { 'retry-after': '2' } }, 'Overloaded', 2_000],
  [{ status: 529, type: 'overloaded_error' }, 'Overloaded'],
  [{ status: 400, header: { 'x-should-retry': 'true' } }, 'Http400'],
  [{ code: 'rate_limit_exceeded' }, 'RateLimited'],
  [{ message: 'please slow_down' }, 'RateLimited'],
  [{ code: 'server_error' }, 'StreamError'],
  [{ code: '502' }, 'StreamError'],
  [{ message: 'overloaded' }, 'StreamError'],
])('%j may be asked again: LLM.%s', (said, code, ms) => {
  expect(rule(said)).toEqual({
    code: `LLM.${code}`,
    retryable: true,
    ...(ms !== undefined && { retryAfterMs: ms }),
  })
})

test.each<Case>([
  [
    { status: 429, code: 'project_spend_limit_exceeded', type: 'insufficient_quota' },
    'BillingExhausted',
  ],
  [{ status: 429, code: 'insufficient_quota', header: { 'retry-after': '9' } }, 'BillingExhausted'],
  [{ status: 402 }, 'BillingExhausted'],
  [{ code: 'billing_hard_limit_reached' }, 'BillingExhausted'],
  [{ status: 401 }, 'Auth'],
  [{ status: 403 }, 'Auth'],
  [{ status: 500, header: { 'x-should-retry': 'false' } }, 'Http500'],
  [{ status: 501 }, 'Server'],
  [{ status: 505 }, 'Server'],
  [{ status: 404 }, 'ModelNotFound'],
  [{ status: 400, code: 'model_not_found' }, 'ModelNotFound'],
  [{ status: 400, message: "This model's maximum context length is 4096 tokens" }, 'ContextLength'],
  [{ status: 413 }, 'ContextLength'],
  [{ message: 'prompt is too long' }, 'ContextLength'],
  [{ status: 400, code: 'content_policy_violation' }, 'ContentFilter'],
  [{ status: 400, code: 'safety' }, 'ContentFilter'],
  [{ status: 400, message: 'Unknown parameter: safety_identifier' }, 'BadRequest'],
  [{ code: 'content_filter' }, 'ContentFilter'],
  [{ status: 400 }, 'BadRequest'],
  [{ status: 400, header: { 'x-should-retry': 'false' } }, 'BadRequest'],
  [{ status: 422 }, 'BadRequest'],
])('%j is hopeless: LLM.%s', (said, code) => {
  expect(rule(said)).toEqual({ code: `LLM.${code}`, retryable: false })
})
