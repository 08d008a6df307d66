import { expect, test } from 'vitest'
import { failureClass, type FailureCode } from '../../src/contracts/failures.ts'

test.each<[FailureCode, string]>([
  ['LLM.Timeout', 'transient'],
  ['LLM.Connection', 'transient'],
  ['LLM.StreamInterrupted', 'transient'],
  ['LLM.Truncated', 'invalid'],
  ['LLM.InvalidOutput', 'invalid'],
  ['LLM.ContentFilter', 'hopeless'],
  ['LLM.BillingExhausted', 'billing'],
  ['LLM.Auth', 'hopeless'],
  ['LLM.RateLimited', 'throttled'],
  ['LLM.SlowDown', 'transient'],
  ['LLM.BadGateway', 'transient'],
  ['LLM.BudgetExceeded', 'budget'],
  ['LLM.Throttled', 'throttled'],
  ['LLM.ProviderPaused', 'throttled'],
  ['LLM.Unknown', 'transient'],
])('%s is %s', (code, expected) => {
  expect(failureClass(code)).toBe(expected)
})

test.each<[FailureCode, string]>([
  ['LLM.Http400', 'transient'],
  ['LLM.Http404', 'transient'],
  ['LLM.Http409', 'hopeless'],
  ['LLM.Http429', 'hopeless'],
  ['LLM.Http500', 'hopeless'],
  ['LLM.Http503', 'hopeless'],
])('%s, where the provider ruled against its own status, is %s', (code, expected) => {
  expect(failureClass(code)).toBe(expected)
})
