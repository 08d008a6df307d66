// The last moment that a `Date` can be.
const LAST_MS = 8.64e15

/** A number of seconds or milliseconds since 1970 as ISO 8601; undefined for anything else. */
export function unixTime(value: unknown, unit: 's' | 'ms'): string | undefined {
  if (typeof value !== 'number') return undefined
  const ms = unit === 's' ? value * 1_000 : value
  return Math.abs(ms) <= LAST_MS ? new Date(ms).toISOString() : undefined
}
