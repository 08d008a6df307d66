import { expect, test } from 'vitest'
import { readRateHeaders } from '../../src/providers/rate-headers.ts'

test('OpenAI’s headers tell both limits and what is left of them', () => {
  const headers = new Headers({
    'x-ratelimit-limit-requests': '500',
    'x-ratelimit-limit-tokens': '200000',
    'x-ratelimit-remaining-requests': '499',
    'x-ratelimit-remaining-tokens': '199900',
    'x-ratelimit-reset-requests': '120ms',
    'x-ratelimit-reset-tokens': '6m0s',
  })

  expect(readRateHeaders(headers)).toEqual({
    limits: { rpm: 500, tpm: 200_000 },
    remaining: { requests: 499, tokens: 199_900 },
  })
})

test('Anthropic’s headers tell the same', () => {
  const headers = new Headers({
    'anthropic-ratelimit-requests-limit': '50',
    'anthropic-ratelimit-requests-remaining': '0',
    'anthropic-ratelimit-requests-reset': '2026-01-01T00:00:05Z',
    'anthropic-ratelimit-tokens-limit': '40000',
  })

  expect(readRateHeaders(headers, Date.parse('2026-01-01T00:00:00Z'))).toEqual({
    limits: { rpm: 50, tpm: 40_000 },
    remaining: { requests: 0 },
    retryAfterMs: 5_000,
  })
})

test('a refusal tells how long to stay away', () => {
  expect(readRateHeaders(new Headers({ 'retry-after': '7' }))).toMatchObject({
    retryAfterMs: 7_000,
  })
})

test.each([
  [{}],
  [{ 'x-ratelimit-limit-requests': '-1' }],
  [{ 'x-ratelimit-limit-tokens': 'unlimited' }],
  [{ 'x-ratelimit-limit-requests': '0' }],
  [{ 'x-ratelimit-limit-requests': '1.5e9' }],
  [{ 'retry-after': 'soon' }],
])('%j tells nothing', (headers) => {
  expect(readRateHeaders(new Headers(headers))).toBeNull()
})
