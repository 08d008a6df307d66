import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

/** What the server does with a request. */
export type Behaviour = (response: ServerResponse, request: IncomingMessage) => void

/** A server on this machine that misbehaves as told, and the requests that it got. */
export interface FaultServer {
  baseUrl: string
  requests: {
    method: string | undefined
    url: string | undefined
    body: unknown
    authorization: string | undefined
  }[]
}

/** Starts a server for one test; it ends with the test. */
export async function startFaultServer(behave: Behaviour): Promise<FaultServer> {
  const requests: FaultServer['requests'] = []
  const server = createServer((request, response) => {
    void answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('Expected a port.')
  return { baseUrl: `http://127.0.0.1:${address.port}/v1`, requests }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { authorization } = request.headers
    const { method, url } = request
    const body = await text(request)
    requests.push({ method, url, body: body === '' ? null : JSON.parse(body), authorization })
    behave(response, request)
  }
}

/** Answers with a status and JSON, or with a page. */
export const say =
  (status: number, body: unknown, headers: Record<string, string> = {}): Behaviour =>
  (response) => {
    const type = typeof body === 'string' ? 'text/html' : 'application/json'
    response.writeHead(status, { 'content-type': type, ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }

/** Streams frames; `cut` kills the connection after them, `hang` leaves it open. */
export const stream =
  (frames: unknown[], end: 'done' | 'close' | 'cut' | 'hang' = 'done'): Behaviour =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': 'req_1' })
    for (const frame of frames) {
      response.write(`data: ${typeof frame === 'string' ? frame : JSON.stringify(frame)}\n\n`)
    }
    if (end === 'done') response.end('data: [DONE]\n\n')
    if (end === 'close') response.end()
    if (end === 'cut') setTimeout(() => response.destroy(), 20)
  }

/** Does one thing after the other, the last one for ever. */
export function inTurn(...behaviours: Behaviour[]): Behaviour {
  let turn = 0
  return (response, request) => {
    const behave = behaviours[Math.min(turn, behaviours.length - 1)]
    turn += 1
    behave?.(response, request)
  }
}

/** Streams a text as it is, so many bytes at a time. */
export const streamBytes =
  (content: string, size = 1): Behaviour =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.socket?.setNoDelay(true)
    const bytes = Buffer.from(content)
    const send = (from: number): void => {
      if (from >= bytes.length) response.end()
      else response.write(bytes.subarray(from, from + size), () => send(from + size))
    }
    send(0)
  }

/** A frame with text. */
export const delta = (content: string): unknown => ({
  model: 'gpt-test-2026',
  choices: [{ index: 0, delta: { content }, finish_reason: null }],
})

/** A frame that ends the answer. */
export const finish = (reason: string): unknown => ({
  choices: [{ index: 0, delta: {}, finish_reason: reason }],
})

/** The frame with the usage, which comes last. */
export const usage: unknown = { choices: [], usage: { prompt_tokens: 12, completion_tokens: 3 } }
