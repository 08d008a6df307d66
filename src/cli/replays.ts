import type { z } from 'zod'
import { Replay, ReplayList } from '../api/event-schemas.ts'
import type { EventCommand } from './events.ts'
import { EXIT, misuse } from './exit.ts'
import { countOf } from './flags.ts'
import { momentOf } from './moments.ts'
import { table } from './table.ts'

/** Replays one event, or all of a source, type and time range. */
export async function replayEvents({
  client,
  input,
  print,
  id,
  by,
}: EventCommand): Promise<number> {
  const source = input.text('source')
  if ((id === '') === (source === undefined)) {
    throw misuse('Name an event, or give --source with --from.')
  }
  const answer =
    source === undefined
      ? await client.post(pathOf(id, 'replay'), { body: JSON.stringify({ by }) })
      : await client.post('/api/replays', {
          body: JSON.stringify({ source, by, ...rangeOf(input) }),
        })
  const replay = Replay.parse(answer)
  if (input.flag('json')) print.json(replay)
  else {
    const { id: replayId, perSecond, total } = replay
    const events = total === 1 ? '1 event' : `${total} events`
    print.line(`${replayId}: ${events}, ${perSecond} a second (onset events replays ${replayId})`)
  }
  return EXIT.ok
}

/** Lists the youngest replays with how far they are, or shows one. */
export async function showReplays({ client, input, print, id }: EventCommand): Promise<number> {
  if (id !== '') {
    print.json(Replay.parse(await client.get(`/api/replays/${encodeURIComponent(id)}`)))
    return EXIT.ok
  }
  const limit = countOf(input, { name: 'limit', most: 200 }) ?? 50
  const { replays } = ReplayList.parse(await client.get(`/api/replays?limit=${limit}`))
  if (input.flag('json')) print.json(replays)
  else if (replays.length === 0) print.error('There are no replays.')
  else for (const line of table(replays.map(rowOf))) print.line(line)
  return EXIT.ok
}

/** Leaves out what a replay has not done yet. */
export async function cancelReplay({
  client,
  input,
  print,
  id,
  by,
}: EventCommand): Promise<number> {
  const path = `/api/replays/${encodeURIComponent(id)}/cancel`
  const replay = Replay.parse(await client.post(path, { body: JSON.stringify({ by }) }))
  if (input.flag('json')) print.json(replay)
  else print.line(`${replay.state} ${replay.id}: ${replay.done} of ${replay.total} done`)
  return EXIT.ok
}

const rowOf = (replay: z.infer<typeof ReplayList>['replays'][number]) => ({
  replay: replay.id,
  made: replay.createdAt,
  by: replay.by,
  of: replay.eventId ?? [replay.source, replay.type].filter((part) => part !== null).join(' '),
  state: replay.state,
  done: `${replay.done} of ${replay.total}`,
  quarantined: String(replay.quarantined),
})

function rangeOf(input: EventCommand['input']) {
  const from = momentOf(input, 'from') ?? momentOf(input, 'since')
  if (from === undefined) throw misuse('Give --from: a date, or how long ago, such as 2h.')
  const type = input.text('type')
  return {
    from,
    to: momentOf(input, 'to') ?? new Date().toISOString(),
    ...(type === undefined ? {} : { type }),
    perSecond: countOf(input, { name: 'rate', most: 1_000 }) ?? 10,
  }
}

const pathOf = (id: string, verb: string): string => `/api/events/${encodeURIComponent(id)}/${verb}`
