import { parseArgs } from 'node:util'

/** How long and how often to measure, and what to print. */
export interface Options {
  /** Length of one measurement. */
  seconds: number
  /** How often everything is measured; the medians count. */
  rounds: number
  /** Print JSON for programs in place of the table. */
  json: boolean
  /** Further switches of the command that were given. */
  switches: ReadonlySet<string>
}

/** Reads `--seconds`, `--rounds`, `--json` and the command's own switches. */
export function readOptions(defaults: {
  seconds: number
  rounds: number
  switches?: readonly string[]
}): Options {
  const own = Object.fromEntries(
    (defaults.switches ?? []).map((name) => [name, { type: 'boolean' }] as const),
  )
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: String(defaults.seconds) },
      rounds: { type: 'string', default: String(defaults.rounds) },
      json: { type: 'boolean', default: false },
      ...own,
    },
  })
  return {
    seconds: positive('--seconds', values.seconds),
    rounds: Math.ceil(positive('--rounds', values.rounds)),
    json: values.json,
    switches: new Set(Object.entries(values).flatMap(([name, on]) => (on === true ? [name] : []))),
  }
}

function positive(name: string, text: unknown): number {
  const value = Number(text)
  if (value > 0 && Number.isFinite(value)) return value
  throw new Error(`Expected a number above 0 for ${name}, received '${String(text)}'.`)
}
