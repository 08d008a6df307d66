import { randomUUID } from 'node:crypto'
import { Accepted } from '../api/schemas.ts'
import type { ApiClient } from './api-client.ts'
import type {
  Command,
  CommandContext,
  CommandInput,
  SampleSource,
  WebhookSamples,
} from './command.ts'
import { type Answer, postSigned } from './post-signed.ts'
import { countOf, flags, openClient } from './flags.ts'
import { CommandError, EXIT, misuse } from './exit.ts'
import { unknownWord } from './nearest.ts'
import { harmless } from './print.ts'
import type { Server } from './server.ts'

// Enough to keep a server busy, few enough for any limit on open connections.
const AT_ONCE = 16

/** `onset send`: signs a sample as its sender would, and delivers it. */
export const send: Command = {
  name: 'send',
  usage:
    '<source or provider> <type> [--to <url> --secret-env <name>] [--id <id>] [--count <n>] [--url <url>] [--json]',
  summary: 'Send a signed sample event, such as: send github issues.opened',
  positionals: { least: 2, most: 2 },
  options: {
    to: { type: 'string', meaning: 'Any URL to send to, instead of the endpoint of the source' },
    'secret-env': { type: 'string', meaning: 'The variable with the secret that signs' },
    id: { type: 'string', meaning: 'Id of the delivery; a random one by default' },
    count: { type: 'string', meaning: 'How many to send; their ids end in -1, -2, …' },
    ...flags,
  },
  async run(input, context) {
    const { server, print } = context
    const [name = '', type = ''] = input.positionals
    const to = urlOf(input.text('to'))
    const source = await find(name, { input, context })
    if (!Object.hasOwn(source.samples, type)) {
      throw misuse(unknownSample(type, source))
    }
    const id = input.text('id') ?? randomUUID()
    const count = countOf(input, { name: 'count', most: 100_000 })
    const ids =
      count === undefined ? [id] : Array.from({ length: count }, (_, index) => `${id}-${index + 1}`)

    const found = await server()
    const deliver = delivery(source, { type, to, found, input })
    const answers = await deliverAll(ids, deliver)

    if (input.flag('json')) print.json(count === undefined ? only(answers) : answers)
    else for (const answer of answers) print.line(lineOf(answer))
    return EXIT.ok
  },
}

async function find(
  name: string,
  { input, context: { sources, providers } }: { input: CommandInput; context: CommandContext },
): Promise<SampleSource> {
  const source = sources.find((each) => each.name === name)
  if (source !== undefined) return source
  const known = await providers()
  const provider = known.samplesOf(name)
  if (provider === undefined) {
    const names = new Set([...sources.map((each) => each.name), ...known.names])
    throw misuse(unknownWord('source', name, [...names]))
  }
  if (input.text('to') !== undefined && input.text('secret-env') !== undefined) return provider
  throw misuse(
    `No source here is called ${name}. To send a sample of the provider, say where to and which variable holds the secret: --to <url> --secret-env <name>.`,
  )
}

function unknownSample(type: string, { name, samples }: SampleSource): string {
  const types = Object.keys(samples)
  const unknown = unknownWord(`sample of ${name}`, type, types)
  return unknown.includes('Known: ') ? unknown : `${unknown} Known: ${types.join(', ')}.`
}

interface Circumstances {
  type: string
  to: string | undefined
  found: Server
  input: CommandInput
}

/** Delivers one sample under an id, and resolves with one answer for each event that it became. */
function delivery(
  source: SampleSource,
  { type, to, found, input }: Circumstances,
): (id: string) => Promise<Answer[]> {
  const client = openClient(input, found)
  const data = source.samples[type]
  if (source.kind === 'internal') {
    if (to !== undefined)
      throw misuse(`${source.name} takes events by the API alone: leave out --to.`)
    return async (id) => [await postEvent(client, { id, type, data })]
  }
  const url = to ?? `${client.url}/hooks/${encodeURIComponent(source.name)}`
  const secret = secretOf(source, { variable: input.text('secret-env'), found })
  return (id) => {
    const request = composed(() => source.compose({ type, data, id, now: new Date(), url, secret }))
    return postSigned(request)
  }
}

const postEvent = async (client: ApiClient, event: object): Promise<Answer> =>
  Accepted.parse(await client.post('/api/events', { body: JSON.stringify(event) }))

function secretOf(
  { name, secretVariable, secretsIn }: WebhookSamples,
  { variable = secretVariable, found }: { variable: string | undefined; found: Server },
): string {
  // While one is rotated there are several: the first is the one to sign with.
  const [secret = ''] = secretsIn(found.secret(variable) ?? '')
  if (secret !== '') return secret
  const message = `Set ${variable} to what ${name} signs with, or start a server of your own with npm start.`
  throw new CommandError(message, { exitCode: EXIT.failed })
}

function composed<Request>(compose: () => Request): Request {
  try {
    return compose()
  } catch (cause) {
    const message = `It cannot be signed: ${cause instanceof Error ? cause.message : String(cause)}`
    throw new CommandError(message, { exitCode: EXIT.failed, cause })
  }
}

async function deliverAll(
  ids: string[],
  deliver: (id: string) => Promise<Answer[]>,
): Promise<Answer[]> {
  const answers: Answer[][] = []
  const rest = ids.entries()
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (const [index, id] of rest) answers[index] = await deliver(id)
  })
  await Promise.all(workers)
  return answers.flat()
}

const only = (answers: Answer[]): Answer | Answer[] | undefined =>
  answers.length === 1 ? answers[0] : answers

const lineOf = (answer: Answer): string =>
  'id' in answer
    ? `${answer.status} ${answer.id}`
    : `${answer.status} ${harmless(answer.body)}`.trimEnd()

function urlOf(to: string | undefined): string | undefined {
  if (to === undefined || /^https?:$/.test(URL.parse(to)?.protocol ?? '')) return to
  throw misuse(`Expected an address such as https://example.com/hooks as --to, received '${to}'.`)
}
