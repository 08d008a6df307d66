import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai'
import { z } from 'zod'
import type { FailureCode } from '../contracts/failures.ts'
import { ChatFailure } from './chat.ts'
import { type Refusal, ruleOn } from './refusals.ts'

/** Where an error stood that came with status 200. */
export type ErrorPlace = 'frame' | 'body'

const EmbeddedError = z.union([
  z.string().transform((message) => ({ message, code: undefined, type: undefined })),
  z.object({
    message: z.unknown().optional(),
    code: z.union([z.string(), z.number()]).nullish(),
    type: z.string().nullish(),
  }),
])

const openings: Partial<Record<FailureCode, string>> = {
  'LLM.Auth': 'The provider refused the API key',
  'LLM.BillingExhausted': 'The account at the provider has no credit left',
  'LLM.RateLimited': 'The provider limits the rate of calls',
  'LLM.SlowDown': 'The provider asks to slow down',
  'LLM.Overloaded': 'The provider is overloaded',
  'LLM.Server': 'The provider failed',
  'LLM.Transient': 'The provider could not take the call',
  'LLM.ModelNotFound': 'The provider knows no such model or address',
  'LLM.ContextLength': 'The question is too long for the model',
  'LLM.ContentFilter': 'The provider refused the content',
  'LLM.BadRequest': 'The provider refused the request',
  'LLM.BadGateway': 'The provider answered 200 with an error',
  'LLM.StreamError': 'The provider broke off its answer',
}

/** Turns whatever the client or the connection threw into a failure with a code. */
export function failureOf(error: unknown): ChatFailure {
  if (error instanceof ChatFailure) return error
  if (error instanceof APIConnectionError) return connectionFailure(error)
  if (error instanceof APIError && error.status !== undefined) {
    const { status, code, type, headers, requestID } = error
    return refusalFailure(
      { status, code: code ?? undefined, type, message: messageOf(error), headers },
      requestID ?? undefined,
    )
  }
  // `TypeError: terminated` is a connection that died in the body, a SyntaxError a body or frame that was cut.
  if (error instanceof TypeError || error instanceof SyntaxError) {
    return interrupted(`The answer broke off: ${plain(error.message)}`, error)
  }
  return new ChatFailure({
    code: 'LLM.Unknown',
    retryable: true,
    message: `The call failed: ${plain(error instanceof Error ? error.message : String(error))}`,
    cause: error,
  })
}

/** An answer that ended before it was complete. Asking again may help. */
export function interrupted(message: string, cause?: unknown): ChatFailure {
  return new ChatFailure({ code: 'LLM.StreamInterrupted', retryable: true, message, cause })
}

/** An error that came with status 200: as a frame of the stream, or as the whole body. */
export function embeddedFailure(error: unknown, place: ErrorPlace, headers: Headers): ChatFailure {
  const parsed = EmbeddedError.safeParse(error)
  const { message, code, type } = parsed.success ? parsed.data : { message: error }
  const status = Number(code)
  // Some gateways give the status as code. Within a stream a 5xx is an interruption, as its other words for it are.
  const isStatus = status >= 400 && status < (place === 'body' ? 600 : 500)
  const refusal: Refusal = {
    status: isStatus ? status : undefined,
    code: code === null ? undefined : code?.toString(),
    type: type ?? undefined,
    message: typeof message === 'string' ? message : JSON.stringify(message ?? error),
    headers,
  }
  return refusalFailure(refusal, headers.get('x-request-id') ?? undefined, place)
}

/** Without tags, keys and line breaks, and short: what comes back may be a page or repeat our request. */
export const plain = (text: string): string =>
  text
    .replaceAll(/<(style|script)[\s\S]*?<\/\1>|<[^>]*>/gi, ' ')
    .replaceAll(/\b(sk-|Bearer )[\w.*-]+/g, '$1…')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 400)

function refusalFailure(refusal: Refusal, requestId?: string, place?: ErrorPlace): ChatFailure {
  const ruling = ruleOn(refusal)
  const code =
    place === 'body' && ruling.code === 'LLM.StreamError' ? 'LLM.BadGateway' : ruling.code
  const opening = openings[code] ?? 'The provider refused the call'
  const label = refusal.status ?? refusal.code ?? refusal.type
  return new ChatFailure({
    ...ruling,
    code,
    status: refusal.status,
    requestId,
    message: `${opening}${label === undefined ? '' : ` (${label})`}: ${plain(refusal.message)}`,
  })
}

function connectionFailure(error: APIConnectionError): ChatFailure {
  const reason = rootMessage(error)
  const late = error instanceof APIConnectionTimeoutError || /time(d )?-?out/i.test(reason)
  return new ChatFailure({
    code: late ? 'LLM.Timeout' : 'LLM.Connection',
    retryable: true,
    message: late
      ? 'The provider did not answer in time.'
      : `The provider cannot be reached: ${plain(reason)}`,
    cause: error,
  })
}

/** `fetch failed` says nothing; what it was caused by does. */
function rootMessage(error: Error): string {
  if (error.cause instanceof Error) return rootMessage(error.cause)
  return error.message === '' && 'code' in error ? String(error.code) : error.message
}

/** The client puts the status before the message. */
const messageOf = ({ status, message }: { status?: unknown; message: string }): string =>
  message.replace(new RegExp(`^${String(status)} `), '')
