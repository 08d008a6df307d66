import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll } from 'vitest'

/** A model behind the OpenAI wire that counts what it is asked, and answers as told. */
export interface ModelServer {
  baseUrl: string
  /** Calls that have begun. */
  calls(): number
  /** Of them, those that were answered to the end. */
  answered(): number
  /** What the next calls get instead of an answer, one after the other. */
  faults: ((response: ServerResponse) => void)[]
  /** Called as each call begins. */
  onCall(listener: () => void): void
}

const ANSWER = JSON.stringify({ severity: 'low', labels: ['typo'], summary: 'A typo.' })

/** Starts the server; it ends with the file's tests. Each answer takes `answerMs`. */
export async function startModelServer({ answerMs }: { answerMs: number }): Promise<ModelServer> {
  const faults: ModelServer['faults'] = []
  let listener: (() => void) | undefined
  let calls = 0
  let answered = 0
  const server = createServer((request, response) => void answer(request, response))
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await text(request)
    calls += 1
    listener?.()
    const fault = faults.shift()
    if (fault !== undefined) {
      fault(response)
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(frame({ delta: { content: ANSWER.slice(0, 20) }, finish_reason: null }))
    setTimeout(() => {
      if (response.destroyed) return
      answered += 1
      response.write(frame({ delta: { content: ANSWER.slice(20) }, finish_reason: null }))
      response.write(frame({ delta: {}, finish_reason: 'stop' }))
      response.end('data: [DONE]\n\n')
    }, answerMs)
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('Expected a port.')
  return {
    baseUrl: `http://127.0.0.1:${address.port}/v1`,
    calls: () => calls,
    answered: () => answered,
    faults,
    onCall: (onCall) => void (listener = onCall),
  }
}

const frame = (choice: object): string =>
  `data: ${JSON.stringify({ model: 'counting', choices: [{ index: 0, ...choice }] })}\n\n`
