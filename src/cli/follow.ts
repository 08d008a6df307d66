import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { ApiClient } from './api-client.ts'
import { CommandError, EXIT } from './exit.ts'

const Data = z.looseObject({
  step: z.string().optional(),
  kind: z.string().optional(),
  summary: z.string().optional(),
  workflow: z.string().optional(),
  text: z.string().optional(),
  model: z.string().optional(),
  waitingFor: z.string().nullish(),
  title: z.string().optional(),
  approvalId: z.string().optional(),
  outcome: z.string().optional(),
  output: z.unknown().optional(),
  reason: z.string().optional(),
  failure: z
    .object({ code: z.string(), message: z.string(), remedy: z.string().optional() })
    .optional(),
  last: z.boolean().optional(),
})

/** One event of a run as it came over the wire. */
export interface FollowedEvent {
  id: string
  type: string
  data: z.infer<typeof Data>
}

// What the server asks of readers in `retry`.
const RETRY_MS = 2_000
// A minute: long enough for a server that is started again.
const RETRIES = 30

/** What happens in a run, to its end. Goes on from the last event when the connection breaks. */
export async function* followRun(client: ApiClient, runId: string): AsyncGenerator<FollowedEvent> {
  let lastId: string | undefined
  let retries = 0
  for (;;) {
    const body = await open(lastId).catch((error: unknown) => {
      retries += 1
      if (lastId === undefined || !isUnreachable(error) || retries > RETRIES) throw error
      return 'unreachable' as const
    })
    if (body === null) return
    for await (const event of body === 'unreachable' ? [] : readEvents(body)) {
      lastId = event.id
      retries = 0
      yield event
      if (event.data.last === true) return
    }
    await sleep(RETRY_MS)
  }

  function open(after: string | undefined): ReturnType<ApiClient['stream']> {
    const headers = after === undefined ? {} : { 'last-event-id': after }
    return client.stream(`/api/runs/${encodeURIComponent(runId)}/events`, headers)
  }
}

const isUnreachable = (error: unknown): boolean =>
  error instanceof CommandError && error.exitCode === EXIT.unreachable

async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<FollowedEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for await (const bytes of body) {
      const blocks = (rest + decoder.decode(bytes, { stream: true })).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const fields = fieldsOf(block)
        if (fields.event !== undefined) yield eventOf(fields)
      }
    }
  } catch (error) {
    // How fetch says that the connection broke. Half an event comes again.
    if (!(error instanceof TypeError)) throw error
  }
}

const fieldsOf = (block: string): Partial<Record<string, string>> =>
  Object.fromEntries(
    block.split('\n').map((line) => {
      const colon = line.indexOf(': ')
      return [line.slice(0, colon), line.slice(colon + 2)]
    }),
  )

const eventOf = ({ id = '', event = '', data = '{}' }: Partial<Record<string, string>>) => ({
  id,
  type: event,
  data: Data.parse(JSON.parse(data)),
})
