import type { FailureCode } from '../contracts/failures.ts'
import type { ModelCall, ModelOutcome, ModelReply } from '../contracts/model-call.ts'
import { type CallEvents, createCallEvents } from '../models/call-events.ts'
import { type BegunAttempt, finishAttempt } from '../models/ledger.ts'
import type { Candidate } from '../models/model-config.ts'
import { ChatFailure, type ChatReply, type ChatRequest } from '../providers/chat.ts'
import type { Attempt, AttemptDependencies, Background, Question } from './attempt.ts'
import type { CallTrace } from '../telemetry/model-telemetry.ts'
import { insist } from './insist.ts'
import { readOutput } from './model-output.ts'
import { type Cost, createPay } from './pay.ts'
import { tracedBill, tracedCall } from './traced.ts'

/** How it went with the provider; a null code stands for an answer. */
export interface Heard {
  code: FailureCode | null
  message?: string
}

interface Asking {
  begun: BegunAttempt
  candidate: Candidate
  /** Of the question, as we count them. */
  inputTokens: number
  attempt: Pick<Attempt, 'number' | 'signal' | 'background'>
  reservationId: string
  /** Null where only the attempt that takes the answer will know. */
  onPaid(cost: Cost | null): void
  onHeard(heard: Heard): void
}

interface Sending extends Omit<Asking, 'attempt'> {
  begun: Extract<BegunAttempt, { outcome: 'begun' }>
  number: number
  signal: AbortSignal
  background?: Background
  events: CallEvents
}

// About a quarter of an hour with the pauses of the retry policy: an outage of ten minutes is survived.
const MOST_ATTEMPTS = 20

/** Sends a question that has been admitted, and writes down what came of it before anybody else hears of it. */
export function createAsk(dependencies: AttemptDependencies) {
  const { pool, rateWatch, providerOf, telemetry, append, log } = dependencies
  const pay = createPay(dependencies)

  return async function ask(question: Question, asking: Asking): Promise<ModelReply> {
    const { begun, candidate, attempt, ...told } = asking
    const { call, prompt } = question
    const events = createCallEvents({
      append,
      onLost: (err) => log.warn({ runId: call.runId, err }, 'run events of a call were lost'),
      call,
      attempt: begun.attempt,
    })
    try {
      if (begun.outcome === 'finished') {
        // Once more, in case the attempt died between its ledger row and its last event.
        events.completed(begun.measured)
        return begun.reply
      }
      const about = { provider: candidate.provider.id, model: candidate.model }
      events.started({ ...about, promptVersion: prompt.version }, { reset: begun.wroteBefore })
      return await send(question, { ...told, ...attempt, begun, candidate, events })
    } finally {
      await events.settled()
    }
  }

  async function send(question: Question, sending: Sending): Promise<ModelReply> {
    const { candidate, events, signal, background, reservationId, onHeard } = sending
    const { provider, model } = candidate
    const limited = { provider: provider.id, key: provider.key, model }
    const clock = startClock()
    const trace = telemetry.call(tracedCall(question, sending))
    let partial = ''

    let reply: ChatReply
    try {
      reply = await providerOf(candidate).chat(toRequest(question, candidate), {
        signal,
        resume: background?.resume(provider.id)?.responseId,
        onResponseId: (responseId) =>
          background?.begun({ provider: provider.id, responseId, reservationId }),
        givesUp: (reason) => background?.givesUp(reason) ?? true,
        onText(piece) {
          clock.firstText()
          trace.firstChunk()
          partial += piece
          events.text(piece)
        },
        onRate: (news) => rateWatch.heard(limited, { news, code: null }),
      })
    } catch (error) {
      const goesOn = isGoingOn(error, sending)
      // What cannot be had any more is asked for anew.
      if (!goesOn) background?.over()
      const { code, message } = failureOf(error, signal)
      if (question.call.declining === true && code === 'LLM.ContentFilter') {
        onHeard({ code: null })
        return declineBy('filter', { error, question, sending, clock, trace, partial })
      }
      onHeard({ code, message })
      const retryAfterMs = error instanceof ChatFailure ? error.retryAfterMs : undefined
      rateWatch.heard(limited, { news: null, code, retryAfterMs })
      await writeFailure(error, { sending, clock, trace, partial, goesOn })
      throw givenUp(error, { call: question.call, begun: sending.begun })
    }
    onHeard({ code: null })
    return take(question, { reply, sending, clock, trace })
  }

  // Whoever asked wants to hear it as an answer.
  async function declineBy(
    by: 'filter',
    {
      error,
      question,
      sending,
      clock,
      trace,
      partial,
    }: { error: unknown; question: Question; partial: string } & Following,
  ): Promise<ModelReply> {
    const { begun, candidate, signal } = sending
    const failure = error instanceof ChatFailure ? error : null
    const used = { usage: failure?.usage ?? null, text: partial, mayBePaid: true }
    const paid = await pay(sending, used)
    const { model } = candidate
    const { message: reason } = failureOf(error, signal)
    const output: ModelOutcome<never> = { outcome: 'declined', by, reason }
    const end = { outcome: 'succeeded', model, finishReason: 'content_filter', output } as const
    const requestId = failure?.requestId ?? null
    trace.end({ ...tracedBill(paid), finishReason: 'content_filter', error: null, text: partial })
    const facts = { id: begun.id, requestId, ...clock.measured(), ...paid }
    const standing = await insist(() => finishAttempt(pool, { ...facts, ...end }), signal)
    return standing ?? { output, model, promptVersion: question.prompt.version }
  }

  async function writeFailure(
    error: unknown,
    { sending, clock, trace, partial, goesOn }: { partial: string; goesOn: boolean } & Following,
  ): Promise<void> {
    const { begun, signal } = sending
    if (goesOn) sending.onPaid(null)
    const failure = error instanceof ChatFailure ? error : null
    const paid = await pay(sending, {
      usage: failure?.usage ?? null,
      text: failure?.partialText ?? partial,
      // What we left in the middle has perhaps been worked on; what goes on is paid when it is there.
      mayBePaid: !goesOn && (failure === null || failure.mayBePaid || partial !== ''),
    })
    const { code, message } = failureOf(error, signal)
    trace.end({ ...tracedBill(paid), error: code, text: partial })
    await finishAttempt(pool, {
      id: begun.id,
      requestId: failure?.requestId ?? null,
      ...clock.measured(),
      ...paid,
      ...(signal.aborted
        ? { outcome: 'interrupted', message: 'The call was cancelled.' }
        : { outcome: 'failed', code, message }),
    })
  }

  // What was paid is known before anything is said about the content.
  async function take(
    question: Question,
    { reply, sending, clock, trace }: { reply: ChatReply } & Following,
  ): Promise<ModelReply> {
    const { prompt, call } = question
    const { begun, events, signal } = sending
    const { finishReason, requestId, responseId, serviceTier, reportedCostMicros } = reply
    const { ttftMs, latencyMs } = clock.measured()
    const paid = await pay(sending, { ...reply, mayBePaid: true })
    const told = {
      ...tracedBill(paid),
      finishReason,
      responseModel: reply.model,
      responseId,
      serviceTier,
      text: reply.text,
    }
    const facts = {
      id: begun.id,
      requestId,
      responseId,
      serviceTier,
      reportedCostMicros,
      latencyMs,
      ttftMs: prompt.stream ? ttftMs : null,
      ...paid,
    }
    let output: unknown
    try {
      output = call.declining === true ? outcomeOf(question, reply) : readOutput(question, reply)
    } catch (error) {
      const { code, message } = failureOf(error, signal)
      trace.end({ ...told, error: code })
      const end = { ...facts, outcome: 'failed', code, message, output: reply.text } as const
      await insist(() => finishAttempt(pool, end), signal)
      throw error
    }
    trace.end({ ...told, error: null })
    const end = {
      ...facts,
      outcome: 'succeeded',
      model: reply.model,
      finishReason,
      output,
    } as const
    const standing = await insist(() => finishAttempt(pool, end), signal)
    events.completed({ usage: facts.usage, finishReason, ttftMs: facts.ttftMs, latencyMs })
    return standing ?? { output, model: reply.model, promptVersion: prompt.version }
  }
}

/** What follows a call from its beginning to its end. */
interface Following {
  sending: Sending
  clock: Clock
  trace: CallTrace
}

interface Clock {
  firstText(): void
  /** Milliseconds since the request. */
  measured(): { ttftMs: number | null; latencyMs: number }
}

function startClock(): Clock {
  const startedAt = performance.now()
  const passed = (): number => Math.round(performance.now() - startedAt)
  let ttftMs: number | null = null
  return {
    firstText: () => void (ttftMs ??= passed()),
    measured: () => ({ ttftMs, latencyMs: passed() }),
  }
}

function toRequest(
  { prompt, filled }: Question,
  { provider: { api, supports }, model }: Candidate,
): ChatRequest {
  return {
    prompt: prompt.name,
    model,
    messages: filled.messages,
    ...(prompt.temperature !== undefined && { temperature: prompt.temperature }),
    maxOutputTokens: filled.maxOutputTokens,
    ...(prompt.outputSchema !== null && { schema: prompt.outputSchema }),
    stream: prompt.stream,
    background: api === 'responses' && supports.background,
  }
}

function outcomeOf(question: Question, reply: ChatReply): ModelOutcome<unknown> {
  if (reply.outcome !== 'refused') {
    return { outcome: 'answered', output: readOutput(question, reply) }
  }
  return { outcome: 'declined', by: 'model', reason: reply.refusal ?? reply.text }
}

// The answer comes in the background, for the next attempt to take.
function isGoingOn(error: unknown, { signal, background }: Sending): boolean {
  if (error instanceof ChatFailure) return error.responseId !== undefined
  return signal.aborted && background?.givesUp(signal.reason) === false
}

function failureOf(error: unknown, signal: AbortSignal): { code: FailureCode; message: string } {
  const message = error instanceof Error ? error.message : String(error)
  if (signal.aborted) return { code: 'LLM.Cancelled', message }
  return { code: error instanceof ChatFailure ? error.code : 'LLM.Unknown', message }
}

// Attempts that the provider only put off are not counted. Who watches is told at once.
function givenUp(
  error: unknown,
  {
    call,
    begun: { failuresBefore },
  }: { call: ModelCall; begun: Extract<BegunAttempt, { outcome: 'begun' }> },
): unknown {
  if (!(error instanceof ChatFailure) || !error.retryable) return error
  if (call.trial !== undefined) return error.with({ retryable: false })
  if (error.class === 'throttled') return error
  if (failuresBefore + 1 < MOST_ATTEMPTS) return error
  const message = `${error.message} (given up after ${MOST_ATTEMPTS} attempts)`
  return error.with({ message, retryable: false })
}
