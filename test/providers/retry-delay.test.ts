import { expect, test } from 'vitest'
import { durationMs, retryAfterMs } from '../../src/providers/retry-delay.ts'

const now = Date.parse('2026-02-27T12:00:00Z')

test.each([
  ['1m2.5s', 62_500],
  ['12ms', 12],
  ['1h2m3s', 3_723_000],
  ['6m0s', 360_000],
  ['7', 7_000],
  ['-1', undefined],
  ['soon', undefined],
  ['', undefined],
])('the duration %j is %j ms', (text, expected) => {
  expect(durationMs(text)).toBe(expected)
})

test.each([
  [{ 'retry-after': '7' }, 7_000],
  [{ 'retry-after': '0.5' }, 500],
  [{ 'retry-after': '120' }, 120_000],
  [{ 'retry-after-ms': '1500', 'retry-after': '9' }, 1_500],
  [{ 'retry-after': 'Fri, 27 Feb 2026 12:00:05 GMT' }, 5_000],
  [{ 'retry-after': 'Fri, 27 Feb 2026 11:00:00 GMT' }, 0],
  [{ 'retry-after': 'garbage' }, undefined],
  [{ 'retry-after': '-5' }, undefined],
  [{ 'retry-after-ms': 'NaN' }, undefined],
  [
    {
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '6m0s',
      'x-ratelimit-remaining-requests': '3',
      'x-ratelimit-reset-requests': '1h',
    },
    360_000,
  ],
  [
    {
      'anthropic-ratelimit-input-tokens-remaining': '0',
      'anthropic-ratelimit-input-tokens-reset': '2026-02-27T12:00:30Z',
    },
    30_000,
  ],
  [{ 'x-ratelimit-remaining-tokens': '0' }, undefined],
  [{}, undefined],
])('the headers %j ask for %j ms', (headers, expected) => {
  expect(retryAfterMs(new Headers(headers), now)).toBe(expected)
})
