import { harmless } from './print.ts'

/** Aligned columns with a heading, one line each. Columns that are empty throughout are left out. */
export function table(rows: Record<string, string>[]): string[] {
  const names = [...new Set(rows.flatMap(Object.keys))].filter((name) =>
    rows.some((row) => (row[name] ?? '') !== ''),
  )
  const lines = [
    names.map((name) => name.toUpperCase()),
    ...rows.map((row) => names.map((name) => harmless(row[name] ?? ''))),
  ]
  const widths = names.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  )
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
