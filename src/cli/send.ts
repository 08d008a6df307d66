import { randomUUID } from 'node:crypto'
import { Accepted } from '../api/schemas.ts'
import type { ApiClient } from './api-client.ts'
import type { Command, SampleSource } from './command.ts'
import { countOf, flags, openClient } from './flags.ts'
import { CommandError, EXIT, misuse } from './exit.ts'
import { unknownWord } from './nearest.ts'
import type { Server } from './server.ts'

interface Delivery {
  source: SampleSource
  type: string
  id: string
}

// Enough to keep a server busy, few enough for any limit on open connections.
const AT_ONCE = 16

/** `onset send`: signs a sample as its sender would, and delivers it. */
export const send: Command = {
  name: 'send',
  usage: '<source> <type> [--id <id>] [--count <n>] [--url <url>] [--json]',
  summary: 'Send a signed sample event, such as: send github issues.opened',
  positionals: { least: 2, most: 2 },
  options: {
    id: { type: 'string', meaning: 'Id of the delivery; a random one by default' },
    count: { type: 'string', meaning: 'How many to send; their ids end in -1, -2, …' },
    ...flags,
  },
  async run(input, { server, sources, print }) {
    const [name = '', type = ''] = input.positionals
    const source = sources.find((each) => each.name === name)
    if (source === undefined)
      throw misuse(
        unknownWord(
          'source',
          name,
          sources.map((each) => each.name),
        ),
      )
    if (!Object.hasOwn(source.samples, type)) {
      throw misuse(unknownWord(`sample of ${name}`, type, Object.keys(source.samples)))
    }
    const id = input.text('id') ?? randomUUID()
    const count = countOf(input, { name: 'count', most: 100_000 })
    const ids =
      count === undefined ? [id] : Array.from({ length: count }, (_, index) => `${id}-${index + 1}`)

    const found = await server()
    const client = openClient(input, found)
    const answers = await deliverAll(ids, (each) =>
      deliver({ source, type, id: each }, { client, secret: found.secret }),
    )

    if (input.flag('json')) print.json(count === undefined ? answers[0] : answers)
    else for (const answer of answers) print.line(`${answer.status} ${answer.id}`)
    return EXIT.ok
  },
}

async function deliverAll<Answer>(
  ids: string[],
  deliverOne: (id: string) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = []
  const rest = ids.entries()
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (const [index, id] of rest) answers[index] = await deliverOne(id)
  })
  await Promise.all(workers)
  return answers
}

async function deliver(
  { source, type, id }: Delivery,
  { client, secret }: { client: ApiClient; secret: Server['secret'] },
) {
  const data = source.samples[type]
  if (source.kind === 'internal') {
    return Accepted.parse(
      await client.post('/api/events', { body: JSON.stringify({ id, type, data }) }),
    )
  }
  const body = new TextEncoder().encode(JSON.stringify(data))
  const headers = source.sign(secretOf(source, secret), body, { id, type, now: new Date() })
  return Accepted.parse(
    await client.post(`/hooks/${encodeURIComponent(source.name)}`, { body, headers }),
  )
}

function secretOf({ name, secretVariable }: SampleSource, secret: Server['secret']): string {
  if (secretVariable === undefined) return ''
  const value = secret(secretVariable)
  if (value !== null) return value
  const message = `Set ${secretVariable} to what the server signs ${name} with, or start one with npm start.`
  throw new CommandError(message, { exitCode: EXIT.failed })
}
