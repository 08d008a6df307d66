const RESETS = ['requests', 'tokens', 'input-tokens', 'output-tokens'].flatMap((what) => [
  { remaining: `x-ratelimit-remaining-${what}`, reset: `x-ratelimit-reset-${what}` },
  {
    remaining: `anthropic-ratelimit-${what}-remaining`,
    reset: `anthropic-ratelimit-${what}-reset`,
  },
])

const UNIT_MS: Record<string, number> = {
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
}

/**
 * How long a provider wants to be left alone, in milliseconds: `retry-after-ms`, else `retry-after` (seconds or an
 * HTTP date), else the longest reset of a limit that is used up. Undefined where it says nothing that can be read.
 */
export function retryAfterMs(headers: Headers, now = Date.now()): number | undefined {
  return (
    readNumber(headers.get('retry-after-ms')) ??
    secondsOrDate(headers.get('retry-after'), now) ??
    longestReset(headers, now)
  )
}

/** Reads `1m2.5s`, `12ms` or `1h2m3s` as milliseconds; a bare number is seconds. Undefined for anything else. */
export function durationMs(text: string): number | undefined {
  const seconds = readNumber(text)
  if (seconds !== undefined) return seconds * 1_000
  if (!/^(\d+(\.\d+)?(ms|us|µs|ns|[dhms]))+$/.test(text)) return undefined
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|us|µs|ns|[dhms])/g)].reduce(
    (sum, [, amount, unit = '']) => sum + Number(amount) * (UNIT_MS[unit] ?? 0),
    0,
  )
}

function readNumber(text: string | null): number | undefined {
  return text !== null && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined
}

function secondsOrDate(text: string | null, now: number): number | undefined {
  const seconds = readNumber(text)
  return seconds === undefined ? untilDate(text, now) : seconds * 1_000
}

function untilDate(text: string | null, now: number): number | undefined {
  // A date has letters: V8 reads '-5' as May 2001, which would mean "at once".
  if (text === null || !/[a-z]/i.test(text)) return undefined
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

function longestReset(headers: Headers, now: number): number | undefined {
  const delays = RESETS.filter(({ remaining }) => headers.get(remaining)?.trim() === '0')
    .map(({ reset }) => headers.get(reset))
    .map((text) => (text === null ? undefined : (durationMs(text.trim()) ?? untilDate(text, now))))
    .filter((delay) => delay !== undefined)
  return delays.length === 0 ? undefined : Math.max(...delays)
}
