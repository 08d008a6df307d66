import { styleText } from 'node:util'

/** What a benchmark has found. */
export interface Report {
  title: string
  /** Machine and versions, for people and programs. */
  machine: Record<string, string>
  /** What is compared, side by side. */
  columns: string[]
  rows: Row[]
  bounds: Bound[]
  /** What a reader must know to judge the figures. */
  notes: string[]
}

/** One measure in every column; null where a column has none. */
export interface Row {
  name: string
  values: (number | null)[]
}

/** The name by which a bound is known, such as N1. */
export interface Bound {
  /** `N1` … */
  number: string
  name: string
  value: number
  limit: number
  /** Whether the limit is the most or the least. */
  at: 'most' | 'least'
}

/** Prints what was found, as JSON or as tables. Sets the exit code to 1 where a bound is missed. */
export function printReports(reports: Report[], { json }: { json: boolean }): void {
  const judged = reports.map((report) => ({
    ...report,
    bounds: report.bounds.map((bound) => ({ ...bound, kept: isKept(bound) })),
  }))
  if (judged.some(({ bounds }) => bounds.some(({ kept }) => !kept))) process.exitCode = 1
  const text = json ? JSON.stringify(judged, null, 2) : reports.map(readable).join('\n')
  process.stdout.write(`${text}\n`)
}

function readable({ title, machine, columns, rows, bounds, notes }: Report): string {
  const lines = [
    '',
    styleText('bold', title),
    ...Object.entries(machine).map(([name, value]) => `  ${name.padEnd(12)} ${value}`),
    '',
    ...table([['', ...columns], ...rows.map(({ name, values }) => [name, ...values.map(shown)])]),
    '',
    ...bounds.map(boundLine),
    ...notes.map((note) => `  · ${note}`),
  ]
  return lines.join('\n')
}

function boundLine(bound: Bound): string {
  const { number, name, value, limit, at } = bound
  const verdict = isKept(bound) ? styleText('green', 'kept  ') : styleText('red', 'missed')
  return `  ${verdict} ${number}  ${name}: ${shown(value)} (at ${at} ${shown(limit)})`
}

function isKept({ value, limit, at }: Bound): boolean {
  return at === 'most' ? value <= limit : value >= limit
}

function table(lines: string[][]): string[] {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  )
  return lines.map((line) =>
    line
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('   ')
      .replace(/^/, '  '),
  )
}

/** Three digits that matter, thousands apart. */
function shown(value: number | null): string {
  if (value === null || Number.isNaN(value)) return '–'
  if (Math.abs(value) >= 100 || Number.isInteger(value))
    return Math.round(value).toLocaleString('en-US')
  return value.toPrecision(3)
}
