import { setTimeout as pause } from 'node:timers/promises'
import { ChatFailure } from './chat.ts'
import type { Conversation, Sending } from './conversation.ts'
import { failureOf, interrupted } from './openai-failures.ts'
import { readWhole } from './openai-replies.ts'
import { readResponseEvents, type Standing, takeResponse } from './responses-replies.ts'
import { toResponsesBody } from './responses-request.ts'
import { createWatchdog } from './watchdog.ts'

// What fails more often in a row is left to the next attempt, which resumes.
const MOST_FAILED_LOOKS = 4
const CANCEL_WITHIN_MS = 5_000

/**
 * Has the provider answer in the background and follows that by its id: a connection that breaks costs nothing. As long
 * as the answer may still be had, a failure carries the id.
 */
export async function followInBackground(conversation: Conversation): Promise<Standing> {
  const { watch } = conversation
  const following: Following = { id: watch.resume ?? null, sequence: null }
  try {
    const begun = following.id === null ? await begin(conversation, following) : GOING
    const read = begun.state === 'going' ? await readOn(conversation, following) : begun
    return read.state === 'going' ? await poll(conversation, following) : read
  } catch (error) {
    if (following.id === null || error instanceof Gone) throw error
    if (watch.signal.aborted && watch.givesUp?.(watch.signal.reason) !== false) {
      await cancel(conversation, following.id)
    }
    watch.signal.throwIfAborted()
    throw failureOf(error).with({ responseId: following.id })
  }
}

interface Following {
  id: string | null
  /** Number of the last event that was read. */
  sequence: number | null
}

const GOING: Standing = { state: 'going' }

/** What the provider no longer has cannot be resumed. */
class Gone extends ChatFailure {
  constructor(id: string) {
    super({
      code: 'LLM.StreamInterrupted',
      retryable: true,
      message: `The provider no longer knows the response ${id}.`,
      mayBePaid: true,
    })
  }
}

function begin(conversation: Conversation, following: Following): Promise<Standing> {
  const { request, manner, reply, watch } = conversation
  const body = toResponsesBody(request, { supports: manner.supports, background: true })
  const sending = { method: 'post', path: '/responses', body } as const
  if (request.stream) return readLeg(conversation, following, sending)
  return guarded(conversation, sending, async (response) => {
    const standing = takeResponse(reply, await readWhole(response, 'output'), {
      headers: response.headers,
      onText: watch.onText,
    })
    following.id = reply.responseId
    if (following.id !== null) watch.onResponseId?.(following.id)
    return standing
  })
}

/** Streams what is left, anew whenever it breaks; one that brings nothing is the last. */
async function readOn(conversation: Conversation, following: Following): Promise<Standing> {
  if (!conversation.request.stream) return GOING
  for (;;) {
    const { id, sequence } = following
    if (id === null) return GOING
    const query = { stream: true, ...(sequence !== null && { starting_after: sequence }) }
    const sending = { method: 'get', path: pathOf(id), query } as const
    const standing = await readLeg(conversation, following, sending)
    if (standing.state !== 'going' || following.sequence === sequence) return standing
  }
}

async function readLeg(
  conversation: Conversation,
  following: Following,
  sending: Sending,
): Promise<Standing> {
  const { reply, watch } = conversation
  try {
    return await guarded(conversation, sending, (response, hear) =>
      readResponseEvents(response, reply, {
        after: following.sequence,
        onText: watch.onText,
        onResponseId(id) {
          if (following.id === null) watch.onResponseId?.(id)
          following.id = id
        },
        onEvent({ sequence }) {
          hear()
          following.sequence = sequence ?? following.sequence
        },
      }),
    )
  } catch (error) {
    // With an id nothing is lost: the answer is asked for again.
    if (following.id === null || watch.signal.aborted) throw error
    return GOING
  }
}

async function poll(conversation: Conversation, { id }: Following): Promise<Standing> {
  if (id === null) throw interrupted('The response goes on in the background, but has no id.')
  const { reply, watch, pollMs } = conversation
  const sending = { method: 'get', path: pathOf(id) } as const
  for (let failed = 0; ;) {
    try {
      const standing = await guarded(conversation, sending, async (response) =>
        takeResponse(reply, await readWhole(response, 'output'), {
          headers: response.headers,
          onText: watch.onText,
        }),
      )
      if (standing.state !== 'going') return standing
      failed = 0
    } catch (error) {
      const failure = failureOf(error)
      if (failure.status === 404) throw new Gone(id)
      failed += 1
      if (watch.signal.aborted || !failure.retryable || failed === MOST_FAILED_LOOKS) throw error
    }
    await pause(pollMs, undefined, { signal: watch.signal })
  }
}

/** One request that is ended when it falls silent, without ending the call. */
async function guarded<Result>(
  { send, watch, timeoutMs }: Conversation,
  sending: Sending,
  read: (response: Response, hear: () => void) => Promise<Result>,
): Promise<Result> {
  const watchdog = createWatchdog()
  watchdog.arm(timeoutMs, 'word of a response in the background')
  try {
    const signal = AbortSignal.any([watch.signal, watchdog.signal])
    return await read(await send({ ...sending, signal }), watchdog.hear)
  } catch (error) {
    throw watchdog.failure() ?? error
  } finally {
    watchdog.stop()
  }
}

// Once the call is given up, nobody waits for the answer; where this fails, it is written for nobody.
async function cancel({ send }: Conversation, id: string): Promise<void> {
  const signal = AbortSignal.timeout(CANCEL_WITHIN_MS)
  const cancelled = send({ method: 'post', path: `${pathOf(id)}/cancel`, signal })
  await cancelled.then((response) => response.body?.cancel()).catch(() => undefined)
}

const pathOf = (id: string): string => `/responses/${encodeURIComponent(id)}`
