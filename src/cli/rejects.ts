import type { z } from 'zod'
import { Reject, RejectPage } from '../api/schemas.ts'
import type { ApiClient } from './api-client.ts'
import type { Command, CommandInput } from './command.ts'
import { EXIT } from './exit.ts'
import { flags, openClient } from './flags.ts'
import { pageQuery, printPage } from './pages.ts'
import { harmless, type Print } from './print.ts'
import { table } from './table.ts'

/** `onset rejects`: the requests that were refused at the door, and why. */
export const rejects: Command = {
  name: 'rejects',
  usage:
    '[id] [--source <name>] [--status <status>] [--address <address>] [--from <time>] [--to <time>] [--limit <n>] [--url <url>] [--json]',
  summary: 'List the webhooks that were refused, and why; or look at one',
  positionals: { least: 0, most: 1 },
  options: {
    source: { type: 'string', meaning: 'Only those for this source' },
    status: { type: 'string', meaning: 'Only those answered with this status, such as 401' },
    address: { type: 'string', meaning: 'Only those from this address' },
    from: { type: 'string', meaning: 'Not before this date, or ago, as 2h' },
    since: { type: 'string', meaning: 'The same as --from' },
    to: { type: 'string', meaning: 'Before this' },
    limit: { type: 'string', meaning: 'At most so many; 50 by default' },
    after: { type: 'string', meaning: 'The next page, as the page before names it' },
    ...flags,
  },
  async run(input, { server, print }) {
    const client = openClient(input, await server())
    const [id] = input.positionals
    return id === undefined ? list(client, { input, print }) : show(client, { id, input, print })
  },
}

async function list(
  client: ApiClient,
  { input, print }: { input: CommandInput; print: Print },
): Promise<number> {
  const query = pageQuery(input, ['source', 'status', 'address'])
  const { rejects: items, next } = RejectPage.parse(await client.get(`/api/rejects?${query}`))
  return printPage({ items, next }, { input, print, rowOf, none: 'Nothing was refused.' })
}

const rowOf = (reject: z.infer<typeof Reject>) => ({
  id: reject.id,
  at: reject.at,
  source: reject.source ?? reject.path,
  preset: reject.preset ?? '',
  from: reject.address,
  method: reject.method,
  status: String(reject.status),
  step: reject.step,
  reason: reject.reason,
  size: sizeOf(reject),
})

async function show(
  client: ApiClient,
  { id, input, print }: { id: string; input: CommandInput; print: Print },
): Promise<number> {
  const reject = Reject.parse(await client.get(`/api/rejects/${encodeURIComponent(id)}`))
  if (input.flag('json')) {
    print.json(reject)
    return EXIT.ok
  }
  const facts = {
    refused: reject.at,
    source: reject.source ?? '',
    preset: reject.preset ?? '',
    from: reject.address,
    request: `${reject.method} ${reject.path}`,
    status: String(reject.status),
    step: reject.step,
    reason: reject.reason,
    size: sizeOf(reject),
  }
  for (const [name, value] of Object.entries(facts)) {
    if (value !== '') print.line(`${name.padEnd(11)}${harmless(value)}`)
  }
  const headers = Object.entries(reject.headers).map(([header, value]) => ({ header, value }))
  if (headers.length === 0) return EXIT.ok
  print.line('')
  for (const line of table(headers)) print.line(line)
  return EXIT.ok
}

const sizeOf = ({ size }: z.infer<typeof Reject>): string => (size === null ? '' : `${size} bytes`)
