import type { ChatReply } from './chat.ts'
import type { Conversation } from './conversation.ts'
import { interrupted } from './openai-failures.ts'
import { readWhole } from './openai-replies.ts'
import { complete } from './partial-reply.ts'
import { followInBackground } from './responses-background.ts'
import { readResponseEvents, type Standing, takeResponse } from './responses-replies.ts'
import { toResponsesBody } from './responses-request.ts'

/** Asks by OpenAI's Responses: one request, or one that goes on in the background and is then asked for. */
export async function askResponses(conversation: Conversation): Promise<ChatReply> {
  const { request, reply, watch, manner } = conversation
  const inBackground = request.background === true || watch.resume !== undefined
  const standing =
    inBackground && manner.supports.background
      ? await followInBackground(conversation)
      : await ask(conversation)
  if (standing.state === 'failed') throw standing.failure
  if (standing.state === 'going') throw interrupted('The response broke off before its end.')
  return complete(reply)
}

async function ask(conversation: Conversation): Promise<Standing> {
  const { request, reply, watch, watchdog, manner, timeoutMs, send } = conversation
  watchdog.arm(timeoutMs, request.stream ? 'text' : 'answer')
  const body = toResponsesBody(request, { supports: manner.supports, background: false })
  const response = await send({ method: 'post', path: '/responses', body })
  if (request.stream) return readStream(response, conversation)
  const { headers } = response
  return takeResponse(reply, await readWhole(response, 'output'), { headers, onText: watch.onText })
}

function readStream(response: Response, conversation: Conversation): Promise<Standing> {
  const { reply, watch, watchdog, idleTimeoutMs } = conversation
  let begun = false
  return readResponseEvents(response, reply, {
    onText: watch.onText,
    onEvent({ wrote }) {
      if (begun) watchdog.hear()
      else if (wrote) {
        begun = true
        watchdog.arm(idleTimeoutMs, 'further text')
      }
    },
  })
}
