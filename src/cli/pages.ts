import type { CommandInput } from './command.ts'
import { EXIT } from './exit.ts'
import { countOf } from './flags.ts'
import { momentOf } from './moments.ts'
import type { Print } from './print.ts'
import { table } from './table.ts'

/** The query of a list: its limit, its flags by these names, and its time range where the command knows one. */
export function pageQuery(input: CommandInput, names: readonly string[]): string {
  const limit = countOf(input, { name: 'limit', most: 200 }) ?? 50
  const query = new URLSearchParams({ limit: String(limit) })
  for (const name of [...names, 'after']) {
    const value = input.text(name)
    if (value !== undefined) query.set(name, value)
  }
  const from = momentOf(input, 'from') ?? momentOf(input, 'since')
  if (from !== undefined) query.set('from', from)
  const to = momentOf(input, 'to')
  if (to !== undefined) query.set('to', to)
  return query.toString()
}

/** Prints one page of a list, and how to get the next. `none` is said where there is nothing to list. */
export function printPage<Item>(
  { items, next }: { items: Item[]; next: string | null },
  {
    input,
    print,
    rowOf,
    none,
  }: {
    input: CommandInput
    print: Print
    rowOf(item: Item): Record<string, string>
    none: string
  },
): number {
  if (next !== null) print.error(`There are more: --after ${next}`)
  if (input.flag('json')) print.json(items)
  else if (items.length === 0) print.error(none)
  else for (const line of table(items.map(rowOf))) print.line(line)
  return EXIT.ok
}
