import { formatDollars, parseDollars } from '../contracts/money.ts'
import type { CommandInput } from './command.ts'
import { misuse } from './exit.ts'

/** Micro-dollars of a flag that names dollars, such as `--limit 5.00`; undefined where it was not given. */
export function dollarsOf(input: CommandInput, name: string): number | undefined {
  const value = input.text(name)
  if (value === undefined) return undefined
  const micros = parseDollars(value)
  if (micros !== null) return micros
  throw misuse(`Expected dollars such as 5.00 or 0.0025 as --${name}, received '${value}'.`)
}

/** ISO 8601 of a flag that names a day or an instant; undefined where it was not given. */
export function instantOf(input: CommandInput, name: string): string | undefined {
  const value = input.text(name)
  if (value === undefined) return undefined
  const at = /^\d{4}-\d\d-\d\d(T.+Z)?$/.test(value) ? new Date(value) : null
  if (at !== null && !Number.isNaN(at.getTime())) return at.toISOString()
  throw misuse(`Expected 2026-11-21 or 2026-11-21T10:00:00Z as --${name}, received '${value}'.`)
}

/** Dollars for a table; nothing where there is no amount. */
export const shown = (micros: number | null): string =>
  micros === null ? '' : formatDollars(micros)

/** The flags that were given, as a query. */
export function queryOf(input: CommandInput, names: string[]): URLSearchParams {
  const given = names.flatMap((name) => {
    const value = input.text(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  return new URLSearchParams(Object.fromEntries(given))
}

/** Adds the period of `--from` and `--to`. */
export function addPeriod(query: URLSearchParams, input: CommandInput): void {
  for (const name of ['from', 'to']) {
    const at = instantOf(input, name)
    if (at !== undefined) query.set(name, at)
  }
}

/** Flags of what covers a period. */
export const period = {
  from: { type: 'string', meaning: 'From this day or instant on, in UTC: 2026-11-21' },
  to: { type: 'string', meaning: 'Before this day or instant' },
} as const
