const unitsMs = {
  second: 1_000,
  seconds: 1_000,
  minute: 60_000,
  minutes: 60_000,
  hour: 3_600_000,
  hours: 3_600_000,
  day: 86_400_000,
  days: 86_400_000,
} as const

type Unit = keyof typeof unitsMs

/** A length of time: milliseconds, or words such as `4 hours`. */
export type Duration = number | `${number} ${Unit}`

/** A length of time in milliseconds. Throws for words that are none. */
export function durationMs(duration: Duration): number {
  if (typeof duration === 'number') return duration
  const [count, unit = ''] = duration.split(' ')
  const factor = Object.entries(unitsMs).find(([name]) => name === unit)?.[1]
  const milliseconds = Number(count) * (factor ?? Number.NaN)
  if (!Number.isFinite(milliseconds)) {
    throw new TypeError(`Expected a duration such as '4 hours', received '${duration}'.`)
  }
  return milliseconds
}
