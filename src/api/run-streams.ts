import { ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Pool } from 'pg'
import type { Run } from '../contracts/run.ts'
import { isFinal } from '../contracts/run.ts'
import { readEvents } from '../runs/event-table.ts'
import type { RunLog } from '../runs/run-log.ts'
import { type EventStream, openEventStream, STREAM_HEADERS } from './event-stream.ts'
import { invalidRequest } from './problems.ts'
import { bytesOf, toFrame } from './frames.ts'
import { createRunFeeds } from './run-feeds.ts'

/** How a stream of run events is asked for. */
interface StreamRequest {
  /** `<run id>:<seq>`, or only the number; everything after it is sent. */
  lastEventId: string
  headersOnly: boolean
  /** Node's own response: writing there costs half of what a web stream does. */
  outgoing: unknown
}

/** Streams of run events, and the one timer that keeps all of them alive. */
export interface RunStreams {
  /** Replays what is stored, goes on with what happens, and ends with the run. 204 where nothing is left to read. */
  open(run: Run, request: StreamRequest): Promise<Response>
}

// Proxies close what is silent for longer, many after 30 s or 60 s.
const HEARTBEAT_MS = 15_000
const EVENTS_PER_READ = 100

/** Makes the streams of one process. A reader that leaves never touches the run. */
export function createRunStreams({ pool, runLog }: { pool: Pool; runLog: RunLog }): RunStreams {
  const feeds = createRunFeeds(runLog)
  const streams = new Set<EventStream>()
  let timer: NodeJS.Timeout | undefined

  return { open }

  async function open(run: Run, { lastEventId, headersOnly, outgoing }: StreamRequest) {
    const after = seqOf(run.id, lastEventId)
    if (after === null) {
      const message = `Expected '${run.id}:<number>', received '${lastEventId}'.`
      return invalidRequest([{ path: ['Last-Event-ID'], message }])
    }
    if (isFinal(run.status) && (await isFullyRead(run.id, after))) {
      return new Response(null, { status: 204 })
    }
    if (headersOnly) return new Response(null, { headers: STREAM_HEADERS })

    const stream = openEventStream(responseOf(outgoing))
    keepAlive(stream)
    void tell(stream, run, after)
    return RESPONSE_ALREADY_SENT
  }

  async function isFullyRead(runId: string, after: number): Promise<boolean> {
    return (await readEvents(pool, { runId, after, limit: 1 })).length === 0
  }

  function keepAlive(stream: EventStream): void {
    streams.add(stream)
    timer ??= setInterval(() => streams.forEach((each) => each.beat()), HEARTBEAT_MS)
    stream.onClose(() => {
      streams.delete(stream)
      if (streams.size > 0) return
      clearInterval(timer)
      timer = undefined
    })
  }

  async function tell(stream: EventStream, run: Run, after: number): Promise<void> {
    try {
      let seen = after
      while (stream.isOpen) {
        const events = await readEvents(pool, {
          runId: run.id,
          after: seen,
          limit: EVENTS_PER_READ,
        })
        const frames = events.map(toFrame)
        await stream.send(bytesOf(frames))
        const last = frames.at(-1)
        seen = last?.seq ?? seen
        if (last?.ends === true) return stream.end()
        if (frames.length === EVENTS_PER_READ) continue
        // Its last event was removed, so that none will come.
        if (isFinal(run.status)) return stream.end()
        if (join(stream, run.id, seen)) return
      }
    } catch {
      // The reader comes back with the id that it has seen last.
      stream.drop()
    }
  }

  /** False where others of this run's readers are ahead: this one reads on before it joins them. */
  function join(stream: EventStream, runId: string, seen: number): boolean {
    const leave = feeds.join(runId, {
      seen,
      onFrames(frames) {
        stream.push(bytesOf(frames))
        if (frames.at(-1)?.ends === true) stream.end()
      },
    })
    if (leave !== null) stream.onClose(leave)
    return leave !== null
  }
}

const MAX_SEQ = 2 ** 31 - 1

function seqOf(runId: string, lastEventId: string): number | null {
  const [, id = runId, digits = ''] = /^(?:(.*):)?(\d{1,10})$/s.exec(lastEventId) ?? []
  const seq = Number(digits)
  return digits !== '' && id === runId && seq <= MAX_SEQ ? seq : null
}

function responseOf(outgoing: unknown): ServerResponse {
  if (outgoing instanceof ServerResponse) return outgoing
  throw new Error('Streams of run events need a server of Node with HTTP/1.1.')
}
