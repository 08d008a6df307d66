import type { ChatFailure, ChatWatch } from './chat.ts'
import { isObject, listOf, textOf } from './odd-json.ts'
import { embeddedFailure, interrupted } from './openai-failures.ts'
import { readEvents } from './openai-replies.ts'
import { type PartialReply, takeText } from './partial-reply.ts'
import { readReportedCost, readUsage } from './token-usage.ts'

/** Where a response stands: it may go on in the background whatever becomes of the connection. */
export type Standing =
  | { state: 'going' }
  | { state: 'ended' }
  | { state: 'failed'; failure: ChatFailure }

type Json = Readonly<Record<string, unknown>>
type OnText = Pick<ChatWatch, 'onText'>

/** How the events of a response are followed. */
export interface EventsWatch extends OnText {
  /** The number of the last event that is known; null reads all. */
  after?: number | null
  /** Called for every event. */
  onEvent: (event: { wrote: boolean; sequence: number | null }) => void
  onResponseId?: ((id: string) => void) | undefined
}

/** Reads the events of a response into the reply. `going` where they end before it does. */
export async function readResponseEvents(
  response: Response,
  reply: PartialReply,
  { after = null, onEvent, onResponseId, onText }: EventsWatch,
): Promise<Standing> {
  const { headers } = response
  let standing: Standing = { state: 'going' }
  await readEvents(response, (event) => {
    if (event['type'] === 'error') throw embeddedFailure(event, 'frame', headers)
    const { response: whole, sequence_number: number } = event
    const sequence = typeof number === 'number' ? number : null
    if (after !== null && sequence !== null && sequence <= after) return 'more'
    if (isObject(whole)) {
      const known = reply.responseId
      standing = takeResponse(reply, whole, { headers, onText })
      if (reply.responseId !== null && known === null) onResponseId?.(reply.responseId)
    }
    onEvent({ wrote: takeDelta(reply, event, { onText }), sequence })
    return standing.state === 'going' ? 'more' : 'done'
  })
  return standing
}

/** Takes a whole response into the reply, and says where it stands. */
export function takeResponse(
  reply: PartialReply,
  response: Json,
  { headers, onText }: OnText & { headers: Headers },
): Standing {
  const { id, model, usage, service_tier: serviceTier, status } = response
  reply.responseId = textOf(id) || reply.responseId
  reply.model = textOf(model) || reply.model
  reply.serviceTier = textOf(serviceTier) || reply.serviceTier
  reply.usage = readUsage(usage) ?? reply.usage
  reply.reportedCostMicros = readReportedCost(usage) ?? reply.reportedCostMicros
  if (status === 'queued' || status === 'in_progress') return { state: 'going' }

  takeOutput(reply, response, onText)
  if (status === 'failed') {
    const error = response['error'] ?? { code: 'server_error' }
    return { state: 'failed', failure: embeddedFailure(error, 'frame', headers) }
  }
  reply.finishReason = finishReasonOf(status, response['incomplete_details'])
  if (reply.finishReason !== '') return { state: 'ended' }
  const failure = interrupted(`Expected a completed response, received ${String(status)}.`)
  return { state: 'failed', failure }
}

function takeDelta(reply: PartialReply, event: Json, watch: OnText): boolean {
  const { type, delta } = event
  if (typeof delta !== 'string' || delta === '') return false
  if (type === 'response.output_text.delta') takeText(reply, delta, watch)
  else if (type === 'response.refusal.delta') reply.refusal += delta
  // Others are pieces of reasoning: the model is at work.
  return true
}

// What the end says counts; what of it was not streamed is handed out with it.
function takeOutput(reply: PartialReply, response: Json, onText: ChatWatch['onText']): void {
  let text = ''
  let refusal = ''
  for (const item of listOf(response['output'])) {
    if (!isObject(item) || item['type'] !== 'message') continue
    for (const part of listOf(item['content'])) {
      if (!isObject(part)) continue
      if (part['type'] === 'output_text') text += textOf(part['text'])
      if (part['type'] === 'refusal') refusal += textOf(part['refusal'])
    }
  }
  if (refusal !== '') reply.refusal = refusal
  if (text === '') return
  if (text !== reply.text && text.startsWith(reply.text)) onText(text.slice(reply.text.length))
  reply.text = text
}

/** In the words of Chat Completions; empty where the response did not come to an end of its own. */
function finishReasonOf(status: unknown, details: unknown): string {
  if (status === 'completed') return 'stop'
  const reason = isObject(details) ? textOf(details['reason']) : ''
  if (status !== 'incomplete') return ''
  // Servers that give no reason have this one only.
  if (reason === 'max_output_tokens' || reason === '') return 'length'
  return reason === 'content_filter' ? reason : ''
}
