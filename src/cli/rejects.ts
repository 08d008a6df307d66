import { RejectPage } from '../api/schemas.ts'
import type { Command } from './command.ts'
import { EXIT } from './exit.ts'
import { countOf, flags, openClient } from './flags.ts'
import { table } from './table.ts'

const filters = ['source', 'status', 'address', 'from', 'to', 'after']

/** `onset rejects`: the requests that were refused at the door, and why. */
export const rejects: Command = {
  name: 'rejects',
  usage:
    '[--source <name>] [--status <status>] [--address <address>] [--from <time>] [--to <time>] [--limit <n>] [--url <url>] [--json]',
  summary: 'List the webhooks that were refused, and why',
  positionals: { least: 0, most: 0 },
  options: {
    source: { type: 'string', meaning: 'Only those for this source' },
    status: { type: 'string', meaning: 'Only those answered with this status, such as 401' },
    address: { type: 'string', meaning: 'Only those from this address' },
    from: { type: 'string', meaning: 'Not before this time, such as 2026-01-31T12:00:00Z' },
    to: { type: 'string', meaning: 'Before this time' },
    limit: { type: 'string', meaning: 'At most so many; 50 by default' },
    after: { type: 'string', meaning: 'The next page, as the page before names it' },
    ...flags,
  },
  async run(input, { server, print }) {
    const query = new URLSearchParams({
      limit: String(countOf(input, { name: 'limit', most: 200 }) ?? 50),
    })
    for (const name of filters) {
      const value = input.text(name)
      if (value !== undefined) query.set(name, value)
    }
    const client = openClient(input, await server())
    const page = RejectPage.parse(await client.get(`/api/rejects?${query.toString()}`))
    if (page.next !== null) print.error(`There are more: --after ${page.next}`)
    if (input.flag('json')) {
      print.json(page.rejects)
      return EXIT.ok
    }
    const rows = page.rejects.map(({ at, source, path, address, status, step, reason, size }) => ({
      at,
      source: source ?? path,
      from: address,
      status: String(status),
      step,
      reason,
      size: size === null ? '' : `${size} bytes`,
    }))
    if (rows.length === 0) print.error('Nothing was refused.')
    else for (const line of table(rows)) print.line(line)
    return EXIT.ok
  },
}
