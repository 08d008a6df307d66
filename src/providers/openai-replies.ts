import { ChatFailure } from './chat.ts'
import { readBeginning } from './http.ts'
import { isObject } from './odd-json.ts'
import { embeddedFailure, interrupted, plain } from './openai-failures.ts'
import { type OnEvent, readServerSentEvents } from './server-sent-events.ts'

// Room for an error in JSON or the head of a page.
const MOST_OF_A_FAULT = 64_000

/** Reads the events of a streamed answer as JSON. Throws where the body is no event stream, or says that it failed. */
export async function readEvents(
  response: Response,
  onEvent: (event: Readonly<Record<string, unknown>>) => 'more' | 'done',
): Promise<void> {
  if (!isType(response, 'text/event-stream') || response.body === null) {
    throw unexpectedBody(await readBeginning(response, MOST_OF_A_FAULT), {
      response,
      expected: 'an event stream',
    })
  }
  const { headers } = response
  const take: OnEvent = (data) => {
    if (data === '[DONE]') return 'done'
    const event: unknown = JSON.parse(data)
    if (!isObject(event)) throw interrupted(`The stream cannot be read: ${plain(data)}`)
    const error = errorOf(event)
    if (error !== undefined) throw embeddedFailure(error, 'frame', headers)
    return onEvent(event)
  }
  await readServerSentEvents(response.body, take)
}

/** Reads a body that comes in one piece. Throws where it is not JSON, is an error, or lacks the list `expected`. */
export async function readWhole(
  response: Response,
  expected: 'choices' | 'output',
): Promise<Readonly<Record<string, unknown>>> {
  if (!isType(response, 'json')) {
    const body = await readBeginning(response, MOST_OF_A_FAULT)
    throw unexpectedBody(body, { response, expected: 'a JSON answer' })
  }
  const body = await response.text()
  const answer: unknown = JSON.parse(body)
  // A response that failed has its error beside its output, and says what it cost all the same.
  if (expected === 'output' && isObject(answer) && Array.isArray(answer[expected])) return answer
  const error = isObject(answer) ? errorOf(answer) : undefined
  if (error !== undefined) throw embeddedFailure(error, 'body', response.headers)
  if (isObject(answer) && Array.isArray(answer[expected])) return answer
  throw unexpectedBody(body, { response, expected })
}

/** OpenAI's `{ error }`, or an object that is the error itself, as older servers on vLLM stream it. */
function errorOf(event: Readonly<Record<string, unknown>>): unknown {
  const { error } = event
  if (error !== undefined && error !== null) return error
  return event['object'] === 'error' ? event : undefined
}

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
    const answer: unknown = JSON.parse(body)
    return isObject(answer) ? errorOf(answer) : undefined
  } catch {
    return undefined
  }
}
