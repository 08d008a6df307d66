import type { Command, CommandInput } from './command.ts'
import { discardEvent, releaseEvent, verifyEvent } from './event-acts.ts'
import { listEvents, showEvent } from './event-pages.ts'
import { misuse } from './exit.ts'
import { flags, openClient } from './flags.ts'
import { unknownWord } from './nearest.ts'
import { cancelReplay, replayEvents, showReplays } from './replays.ts'

const verbs = {
  list: listEvents,
  show: showEvent,
  verify: verifyEvent,
  release: releaseEvent,
  discard: discardEvent,
  replay: replayEvents,
  replays: showReplays,
  cancel: cancelReplay,
} as const

const WITHOUT_ID = new Set(['list', 'replay', 'replays'])

/** `onset events`: the inbox. What came, what became of it, and what is done about it. */
export const events: Command = {
  name: 'events',
  usage:
    '[list | show | verify | release | discard | replay | replays | cancel] [event or replay id] [--source <name>] [--type <type>] … [--url <url>] [--json]',
  summary: 'List what came in, look at one event, release, discard or replay',
  positionals: { least: 0, most: 2 },
  options: {
    source: { type: 'string', meaning: 'list, replay: only of this source' },
    type: { type: 'string', meaning: 'list, replay: only of this type, or as issues.*' },
    state: {
      type: 'string',
      meaning: 'list: accepted, waiting, dispatched, quarantined, discarded or expired',
    },
    subject: { type: 'string', meaning: 'list: only about this' },
    key: { type: 'string', meaning: 'list: what the sender calls it' },
    from: { type: 'string', meaning: 'list, replay: received since this date, or ago, as 2h' },
    since: { type: 'string', meaning: 'The same as --from' },
    to: { type: 'string', meaning: 'list, replay: received before this' },
    limit: { type: 'string', meaning: 'list, replays: at most so many; 50 by default' },
    after: { type: 'string', meaning: 'list: the next page, as the page before names it' },
    rate: { type: 'string', meaning: 'replay: how many a second; 10 by default' },
    body: { type: 'string', meaning: 'release: file with what is read instead of the body' },
    reason: { type: 'string', meaning: 'discard: why; kept with the event' },
    by: { type: 'string', meaning: 'Who acts; you by default' },
    ...flags,
  },
  async run(input, { server, print, user }) {
    const [verb = 'list', id] = input.positionals
    const carryOut = isVerb(verb) ? verbs[verb] : undefined
    if (carryOut === undefined) throw misuse(unknownWord('verb', verb, Object.keys(verbs)))
    if (id === undefined && !WITHOUT_ID.has(verb))
      throw misuse(`Name the ${verb === 'cancel' ? 'replay' : 'event'} to ${verb}.`)
    const client = openClient(input, await server())
    return carryOut({ client, input, print, id: id ?? '', by: input.text('by') ?? user })
  },
}

const isVerb = (verb: string): verb is keyof typeof verbs => Object.hasOwn(verbs, verb)

/** What every verb works with. */
export interface EventCommand {
  client: ReturnType<typeof openClient>
  input: CommandInput
  print: Parameters<Command['run']>[1]['print']
  /** Empty where none was named. */
  id: string
  by: string
}
