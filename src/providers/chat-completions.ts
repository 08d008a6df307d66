import { type AnswerForm, askForForm } from './answer-form.ts'
import type { ChatReply, ChatRequest } from './chat.ts'
import type { Conversation, Manner } from './conversation.ts'
import { isObject, listOf, textOf } from './odd-json.ts'
import { readEvents, readWhole } from './openai-replies.ts'
import { complete, type PartialReply, takeText } from './partial-reply.ts'
import { readReportedCost, readUsage } from './token-usage.ts'

/** Asks by Chat Completions, which all providers speak: one request. */
export async function askChatCompletions(conversation: Conversation): Promise<ChatReply> {
  const { request, reply, watch, watchdog, manner, timeoutMs, send } = conversation
  watchdog.arm(timeoutMs, request.stream ? 'text' : 'answer')
  const body = toBody(request, manner)
  const response = await send({ method: 'post', path: '/chat/completions', body })
  if (request.stream) {
    await readStream(response, conversation)
  } else {
    takeAnswer(reply, await readWhole(response, 'choices'))
    watch.onText(reply.text)
  }
  return complete(reply)
}

function toBody(request: ChatRequest, { maxTokensField, supports }: Manner): object {
  const { model, temperature, maxOutputTokens, reasoningEffort, serviceTier, stream } = request
  const { form, messages } = askForForm(request, supports)
  return {
    model,
    messages,
    [maxTokensField]: maxOutputTokens,
    ...(temperature !== undefined && { temperature }),
    ...(reasoningEffort !== undefined && { reasoning_effort: reasoningEffort }),
    ...(serviceTier !== undefined && { service_tier: serviceTier }),
    ...(form !== null && { response_format: responseFormat(form) }),
    // Always said: some servers stream unless told otherwise.
    stream,
    ...(stream && supports.streamUsage && { stream_options: { include_usage: true } }),
  }
}

const responseFormat = (form: NonNullable<AnswerForm>): object =>
  form.type === 'json_schema'
    ? { type: form.type, json_schema: { name: form.name, strict: true, schema: form.schema } }
    : form

function readStream(response: Response, conversation: Conversation): Promise<void> {
  const { reply, watch, watchdog, idleTimeoutMs } = conversation
  let begun = false
  return readEvents(response, (frame) => {
    if (begun) watchdog.hear()
    if (takeFrame(reply, frame, watch) && !begun) {
      begun = true
      watchdog.arm(idleTimeoutMs, 'further text')
    }
    return 'more'
  })
}

/** Returns whether the frame brought something that the model wrote, be it only its reasoning. */
function takeFrame(
  reply: PartialReply,
  frame: Readonly<Record<string, unknown>>,
  watch: Conversation['watch'],
): boolean {
  takeFacts(reply, frame)
  const choices = listOf(frame['choices'])
  const choice = choices.find((each) => isObject(each) && (each['index'] ?? 0) === 0)
  if (!isObject(choice)) return false
  const { finish_reason: finishReason, delta } = choice
  if (typeof finishReason === 'string') reply.finishReason = finishReason
  if (!isObject(delta)) return false
  const { content, refusal } = delta
  if (typeof refusal === 'string') reply.refusal += refusal
  if (typeof content === 'string' && content !== '') {
    takeText(reply, content, watch)
    return true
  }
  return textOf(delta['reasoning_content']) !== '' || textOf(delta['reasoning']) !== ''
}

function takeAnswer(reply: PartialReply, answer: Readonly<Record<string, unknown>>): void {
  takeFacts(reply, answer)
  const [choice] = listOf(answer['choices'])
  if (!isObject(choice)) return
  reply.finishReason = textOf(choice['finish_reason'])
  const { message } = choice
  if (!isObject(message)) return
  reply.text = textOf(message['content'])
  reply.refusal = textOf(message['refusal'])
}

/** What may stand in every frame, and in the usage, which comes last. */
function takeFacts(reply: PartialReply, frame: Readonly<Record<string, unknown>>): void {
  const { model, id, service_tier: serviceTier, usage } = frame
  if (reply.model === '') reply.model = textOf(model)
  reply.responseId ??= textOf(id) || null
  if (typeof serviceTier === 'string') reply.serviceTier = serviceTier
  if (usage === undefined || usage === null) return
  reply.usage = readUsage(usage) ?? reply.usage
  reply.reportedCostMicros = readReportedCost(usage) ?? reply.reportedCostMicros
}
