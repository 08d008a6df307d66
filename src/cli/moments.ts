import type { CommandInput } from './command.ts'
import { misuse } from './exit.ts'

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 }

/** The moment that a flag names: a date, or how long ago as `90m`, `2h`, `3d`. ISO 8601; undefined where not given. */
export function momentOf(input: CommandInput, name: string): string | undefined {
  const value = input.text(name)
  if (value === undefined) return undefined
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(value) ?? []
  const seconds = Number(count) * (UNITS[unit] ?? 0)
  const moment = count === undefined ? new Date(value) : new Date(Date.now() - seconds * 1_000)
  if (!Number.isNaN(moment.getTime())) return moment.toISOString()
  throw misuse(`Expected a date or how long ago, such as 2h, as --${name}, received '${value}'.`)
}
