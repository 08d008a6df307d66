import { z } from 'zod'
import type { Usage } from '../contracts/run.ts'
import { ChatFailure, type ChatReply } from './chat.ts'
import { embeddedFailure, interrupted, plain } from './openai-failures.ts'
import { readServerSentEvents } from './server-sent-events.ts'

const TokenCounts = z.object({ prompt_tokens: z.number(), completion_tokens: z.number() })

const Said = z.object({ content: z.string().nullish(), refusal: z.string().nullish() })

const Frame = z.object({
  model: z.string().nullish(),
  choices: z
    .array(
      z.object({
        index: z.number().nullish(),
        delta: Said.nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: TokenCounts.nullish(),
  error: z.unknown().optional(),
})

const Whole = z.object({
  model: z.string().nullish(),
  choices: z.array(z.object({ message: Said, finish_reason: z.string().nullish() })).min(1),
  usage: TokenCounts.nullish(),
})

/** How the reading of a stream is followed. */
export interface StreamWatch {
  /** On the clock of `performance.now()`. */
  startedAt: number
  onText: (text: string) => void
  /** Called for every frame from the first text on. */
  onFrame: () => void
}

/** Reads a streamed answer to its end. Only a stream that names a finish reason is complete. */
export async function readStream(response: Response, watch: StreamWatch): Promise<ChatReply> {
  if (!isType(response, 'text/event-stream') || response.body === null) {
    throw unexpectedBody(await response.text(), { response, expected: 'an event stream' })
  }

  const reply = emptyReply(response)
  for await (const frames of readServerSentEvents(response.body)) {
    for (const data of frames) {
      if (data === '[DONE]') return complete(reply)
      takeFrame(reply, parseFrame(data, response), watch)
    }
  }
  return complete(reply)
}

/** Reads an answer that comes in one piece. */
export async function readWhole(
  response: Response,
  { onText }: { onText: (text: string) => void },
): Promise<ChatReply> {
  const body = await response.text()
  if (!isType(response, 'json')) {
    throw unexpectedBody(body, { response, expected: 'a JSON answer' })
  }
  const parsed = Whole.safeParse(JSON.parse(body))
  const choice = parsed.data?.choices[0]
  if (choice === undefined) throw unexpectedBody(body, { response, expected: 'choices' })

  const reply = emptyReply(response)
  reply.model = parsed.data?.model ?? ''
  reply.text = choice.message.content ?? ''
  reply.refusal = choice.message.refusal ?? ''
  reply.finishReason = choice.finish_reason ?? ''
  reply.usage = usageOf(parsed.data?.usage)
  onText(reply.text)
  return complete(reply)
}

interface PartialReply extends ChatReply {
  refusal: string
}

const emptyReply = (response: Response): PartialReply => ({
  text: '',
  refusal: '',
  model: '',
  finishReason: '',
  usage: null,
  requestId: response.headers.get('x-request-id'),
  ttftMs: null,
})

function parseFrame(data: string, response: Response): z.infer<typeof Frame> {
  const frame = Frame.safeParse(JSON.parse(data))
  if (!frame.success)
    throw interrupted(`The stream cannot be read: ${z.prettifyError(frame.error)}`)
  if (frame.data.error !== undefined && frame.data.error !== null) {
    throw embeddedFailure(frame.data.error, 'frame', response.headers)
  }
  return frame.data
}

function takeFrame(
  reply: PartialReply,
  { model, choices, usage }: z.infer<typeof Frame>,
  { startedAt, onText, onFrame }: StreamWatch,
): void {
  if (model) reply.model = model
  if (usage) reply.usage = usageOf(usage)
  const choice = choices?.find(({ index }) => index === 0 || index === undefined)
  reply.finishReason = choice?.finish_reason ?? reply.finishReason
  reply.refusal += choice?.delta?.refusal ?? ''
  const text = choice?.delta?.content ?? ''
  if (text !== '') {
    reply.ttftMs ??= performance.now() - startedAt
    reply.text += text
    onText(text)
  }
  if (reply.ttftMs !== null) onFrame()
}

function complete({ refusal, ...reply }: PartialReply): ChatReply {
  if (reply.finishReason === '') {
    throw interrupted('The answer ended without a finish reason: it may be incomplete.')
  }
  if (reply.finishReason === 'content_filter' || refusal !== '') {
    throw new ChatFailure({
      code: 'LLM.ContentFilter',
      retryable: false,
      message:
        refusal === '' ? 'The provider filtered the answer.' : `The model refused: ${refusal}`,
      requestId: reply.requestId ?? undefined,
      usage: reply.usage ?? undefined,
    })
  }
  return reply
}

const usageOf = (counts: z.infer<typeof TokenCounts> | null | undefined): Usage | null =>
  counts ? { inputTokens: counts.prompt_tokens, outputTokens: counts.completion_tokens } : null

const isType = (response: Response, type: string): boolean =>
  (response.headers.get('content-type') ?? '').includes(type)

/** A 200 that is no answer: an error in JSON, a page of a proxy, or nothing at all. */
function unexpectedBody(
  body: string,
  { response, expected }: { response: Response; expected: string },
): ChatFailure {
  const error = readError(body)
  if (error !== undefined) return embeddedFailure(error, 'body', response.headers)
  const came = response.headers.get('content-type') ?? 'no content type'
  return new ChatFailure({
    code: 'LLM.BadGateway',
    retryable: true,
    message: `Expected ${expected} from the provider, received ${came}: ${plain(body)}`,
    requestId: response.headers.get('x-request-id') ?? undefined,
  })
}

function readError(body: string): unknown {
  try {
    return z.object({ error: z.unknown() }).safeParse(JSON.parse(body)).data?.error ?? undefined
  } catch {
    return undefined
  }
}
