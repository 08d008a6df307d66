import { once } from 'node:events'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { serve } from '@hono/node-server'
import { afterAll, afterEach } from 'vitest'
import { openApi } from './open-api.ts'

/** One event as it came over the wire. */
export interface Received {
  id: string
  event: string
  data: string
}

/** The API on a port of its own, with readers of its streams. */
export async function openStreams() {
  const { api, report } = await openApi()
  const listening = Promise.withResolvers<AddressInfo>()
  const server = serve({ fetch: api.fetch, port: 0, hostname: '127.0.0.1' }, listening.resolve)
  const { port } = await listening.promise
  afterAll(() => void server.close())
  const sockets: Socket[] = []
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy()
  })
  let runs = 0

  return { report, server, newRun, open, openPaused }

  /** A run that has begun. */
  async function newRun(): Promise<string> {
    runs += 1
    const runId = `triageIssue:github:${runs}`
    await report(runId, [])
    return runId
  }

  function open(
    runId: string,
    lastEventId?: string,
    { after, ...init }: RequestInit & { after?: string } = {},
  ): Promise<Response> {
    const resume = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
    const headers = { authorization: 'Bearer token-1', ...resume }
    const query = after === undefined ? '' : `?after=${after}`
    return fetch(`http://127.0.0.1:${port}/api/runs/${runId}/events${query}`, { headers, ...init })
  }

  /** A reader that takes nothing from its connection before somebody reads the socket. */
  async function openPaused(runId: string): Promise<Socket> {
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    const headers = 'Host: localhost\r\nAuthorization: Bearer token-1'
    socket.write(`GET /api/runs/${runId}/events HTTP/1.1\r\n${headers}\r\n\r\n`)
    await once(socket, 'readable')
    return socket
  }
}

/** Reads until the stream ends, or until `count` events have come. */
export async function readEvents(response: Response, count = Infinity): Promise<Received[]> {
  const events: Received[] = []
  const decoder = new TextDecoder()
  let text = ''
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const match = /^id: (.*)\nevent: (.*)\ndata: (.*)$/.exec(block)
      if (match !== null)
        events.push({ id: match[1] ?? '', event: match[2] ?? '', data: match[3] ?? '' })
      if (events.length === count) return events
    }
  }
  return events
}
