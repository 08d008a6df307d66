import type { RateNews } from '../contracts/limits.ts'
import { retryAfterMs } from './retry-delay.ts'

/**
 * What an answer's headers say about limits: `x-ratelimit-*` as OpenAI and most others send them, or
 * `anthropic-ratelimit-*`. Null where they say nothing.
 */
export function readRateHeaders(headers: Headers, now = Date.now()): RateNews | null {
  // A limit of 0 is how some servers say that there is none; as a rate it would stop everything.
  const requests = {
    limit: read('limit', 'requests') || undefined,
    remaining: read('remaining', 'requests'),
  }
  const tokens = {
    limit: read('limit', 'tokens') || undefined,
    remaining: read('remaining', 'tokens'),
  }
  const pauseMs = retryAfterMs(headers, now)
  const silent = [requests.limit, requests.remaining, tokens.limit, tokens.remaining, pauseMs]
  if (silent.every((value) => value === undefined)) return null
  return {
    limits: { rpm: requests.limit, tpm: tokens.limit },
    remaining: { requests: requests.remaining, tokens: tokens.remaining },
    retryAfterMs: pauseMs,
  }

  function read(what: 'limit' | 'remaining', of: 'requests' | 'tokens'): number | undefined {
    return (
      count(headers.get(`x-ratelimit-${what}-${of}`)) ??
      count(headers.get(`anthropic-ratelimit-${of}-${what}`))
    )
  }
}

function count(text: string | null): number | undefined {
  return text !== null && /^\d{1,12}$/.test(text.trim()) ? Number(text) : undefined
}
