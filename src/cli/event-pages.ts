import type { z } from 'zod'
import { Event, EventPage } from '../api/event-schemas.ts'
import type { EventCommand } from './events.ts'
import { EXIT } from './exit.ts'
import { pageQuery, printPage } from './pages.ts'
import { harmless, type Print } from './print.ts'
import { table } from './table.ts'

/** Lists events, the youngest first. */
export async function listEvents({ client, input, print }: EventCommand): Promise<number> {
  const query = pageQuery(input, ['source', 'type', 'state', 'subject', 'key'])
  const { events, next } = EventPage.parse(await client.get(`/api/events?${query}`))
  return printPage(
    { items: events, next },
    { input, print, rowOf: summaryRow, none: 'There are no such events.' },
  )
}

const summaryRow = ({
  id,
  source,
  type,
  subject,
  state,
  reason,
  held,
  heldFor,
  receivedAt,
}: z.infer<typeof EventPage>['events'][number]) => ({
  event: id,
  received: receivedAt,
  source,
  type,
  subject: subject ?? '',
  state: held ? `${state} (a dispatch is in quarantine)` : state,
  reason: reason ?? heldFor.join(', '),
})

/** Shows one event with everything that came of it. */
export async function showEvent({ client, input, print, id }: EventCommand): Promise<number> {
  const event = Event.parse(await client.get(`/api/events/${encodeURIComponent(id)}`))
  if (input.flag('json')) print.json(event)
  else printEvent(event, print)
  return EXIT.ok
}

/** Prints an event for people, as the sender's text must not reach the terminal as a command. */
export function printEvent(event: z.infer<typeof Event>, print: Print): void {
  const { preset, key = 0, keys = 0, signedAt } = event.verification ?? { preset: '' }
  const facts = {
    event: event.id,
    source: event.source,
    type: event.type,
    subject: event.subject,
    key: event.key,
    state: event.reason === null ? event.state : `${event.state}: ${event.reason}`,
    received: event.receivedAt,
    expires: event.expiresAt,
    hops: String(event.hops),
    correlation: event.correlationId,
    causation: event.causationId,
    request: `${event.method} ${event.url}`,
    verified: preset === '' ? null : `${preset}, key ${key} of ${keys}`,
    signed: signedAt ?? null,
    first: event.firstId,
    siblings: event.siblings.join(' ') || null,
    reused: event.reusedBy.join(' ') || null,
    temporal: `EventId = "${event.id}"`,
  }
  for (const [name, value] of Object.entries(facts)) {
    if (value !== null) print.line(`${name.padEnd(12)}${harmless(value)}`)
  }
  section(
    print,
    event.history.map(({ state, at, reason, by }) => ({
      state,
      at,
      why: reason ?? '',
      by: by ?? '',
    })),
  )
  section(
    print,
    event.dispatches.map(({ trigger, state, runId, replayId, reason, message }) => ({
      trigger,
      dispatch: state,
      run: runId ?? '',
      replay: replayId ?? '',
      why: reason === null ? '' : `${reason}: ${message ?? ''}`,
    })),
  )
  section(
    print,
    event.duplicates.map(({ key: again, times, lastAt }) => ({
      'came again as': again,
      times: String(times),
      last: lastAt,
    })),
  )
  section(
    print,
    Object.entries(event.headers).map(([header, value]) => ({ header, value })),
  )
  print.line('')
  print.line(event.repaired ? 'body (repaired)' : 'body')
  print.line(event.body.split('\n').map(harmless).join('\n'))
}

function section(print: Print, rows: Record<string, string>[]): void {
  if (rows.length === 0) return
  print.line('')
  for (const line of table(rows)) print.line(line)
}
