import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { afterAll } from 'vitest'
import { z } from 'zod'

/** A model behind the OpenAI wire that counts what it is asked, and answers as told. */
export interface ModelServer {
  baseUrl: string
  /** Calls that have begun. */
  calls(): number
  /** Of them, those that were answered to the end. */
  answered(): number
  /** When each call began, in milliseconds of `performance.now`. */
  times: number[]
  /** What each call asked. */
  asked: AskedChat[]
  /** When callers left before they had their answer, on the same clock. */
  left: number[]
  /** What the next calls get instead of an answer, one after the other. */
  faults: Fault[]
  /** What every call gets for as long as it stands here; after `faults`. */
  outage: Fault | null
  /** Called as each call begins. */
  onCall(listener: () => void): void
}

/** Answers a call in its own way. */
export type Fault = (response: ServerResponse) => void

/** A request, as far as tests look at it. */
export type AskedChat = z.infer<typeof AskedChat>
const AskedChat = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
  max_completion_tokens: z.number().optional(),
})

/** What it answers where nobody says anything else: a triage. */
export const ANSWER = JSON.stringify({ severity: 'low', labels: ['typo'], summary: 'A typo.' })
/** What it counts where it counts. */
export const USAGE = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 }

interface ModelServerOptions {
  /** How long an answer takes. */
  answerMs: number
  /** Whether it says how many tokens a call took. @default false */
  counts?: boolean
}

/** Starts the server; it ends with the file's tests. */
export async function startModelServer({
  answerMs,
  counts = false,
}: ModelServerOptions): Promise<ModelServer> {
  let listener: (() => void) | undefined
  let answered = 0
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('Expected a port.')

  const model: ModelServer = {
    baseUrl: `http://127.0.0.1:${address.port}/v1`,
    calls: () => model.times.length,
    answered: () => answered,
    times: [],
    asked: [],
    left: [],
    faults: [],
    outage: null,
    onCall: (onCall) => void (listener = onCall),
  }
  return model

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = AskedChat.safeParse(await json(request).catch(() => null))
    model.times.push(performance.now())
    if (asked.success) model.asked.push(asked.data)
    response.once('close', () => {
      if (!response.writableEnded) model.left.push(performance.now())
    })
    listener?.()
    const fault = model.faults.shift() ?? model.outage
    if (fault !== null) {
      fault(response)
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(frame({ delta: { content: ANSWER.slice(0, 20) }, finish_reason: null }))
    setTimeout(() => {
      if (response.destroyed) return
      answered += 1
      response.end(endOf(ANSWER.slice(20), { counts }))
    }, answerMs)
  }
}

/** An answer in the usual form, at once: any text, any reason for its end. */
export const says =
  (text: string, finishReason = 'stop'): Fault =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(endOf(text, { counts: true, finishReason }))
  }

/** An answer in which the model declines. */
export const declines =
  (refusal: string): Fault =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(frame({ delta: { refusal }, finish_reason: null }))
    response.end(endOf('', { counts: true }))
  }

/** A refusal of the server. */
export const refuses =
  (status: number, code: string, headers: Record<string, string> = {}): Fault =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify({ error: { message: code, code } }))
  }

/** A connection that is lost. */
export const hangsUp: Fault = (response) => void response.destroy()

/** A stream that begins and then says nothing any more. */
export const stalls: Fault = (response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(frame({ delta: { content: 'Half an' }, finish_reason: null }))
}

function endOf(
  text: string,
  { counts, finishReason = 'stop' }: { counts: boolean; finishReason?: string },
): string {
  const usage = `data: ${JSON.stringify({ model: 'counting', choices: [], usage: USAGE })}\n\n`
  return [
    ...(text === '' ? [] : [frame({ delta: { content: text }, finish_reason: null })]),
    frame({ delta: {}, finish_reason: finishReason }),
    ...(counts ? [usage] : []),
    'data: [DONE]\n\n',
  ].join('')
}

const frame = (choice: object): string =>
  `data: ${JSON.stringify({ model: 'counting', choices: [{ index: 0, ...choice }] })}\n\n`
