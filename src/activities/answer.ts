import { setTimeout as pause } from 'node:timers/promises'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { ModelCall, ModelReply } from '../contracts/model-call.ts'
import { type Append, type CallEvents, createCallEvents } from '../models/call-events.ts'
import { beginAttempt, finishAttempt } from '../models/ledger.ts'
import { isRefused } from '../store/group.ts'
import type { Tier } from '../models/prompt-file.ts'
import type { Prompt, Prompts } from '../models/prompts.ts'
import {
  ChatFailure,
  type ChatMessage,
  type ChatProvider,
  type ChatRequest,
} from '../providers/chat.ts'
import { toApplicationFailure } from './model-failure.ts'
import { readOutput } from './model-output.ts'

/** What model calls are made with. */
export interface ModelCallDependencies {
  pool: Pool
  prompts: Prompts
  /** Who answers the prompts of each tier. */
  tiers: Record<Tier, ModelChoice>
  append: Append
  log: Logger
}

/** A provider and one of its models. */
export interface ModelChoice {
  provider: ChatProvider
  model: string
}

const LONGEST_PAUSE_MS = 5_000

/** Answers a call: from the ledger, else by one request. */
export type Answer = (call: ModelCall, signal: AbortSignal) => Promise<ModelReply>

/**
 * Model calls without Temporal around them. Rejects with an `ApplicationFailure` that carries a code of ours, or with
 * the signal's reason once that is aborted.
 */
export function createAnswer({ pool, prompts, tiers, append, log }: ModelCallDependencies): Answer {
  return async function answer(call, signal) {
    const prompt = prompts.get(call.prompt)
    if (prompt === undefined) {
      throw toApplicationFailure(promptFailure(`There is no prompt ${call.prompt}.`))
    }
    const { provider, model } = tiers[prompt.tier]
    const about = { provider: provider.name, model }
    try {
      return await begin({ call, prompt, provider, model, signal })
    } catch (error) {
      signal.throwIfAborted()
      throw error instanceof ChatFailure ? toApplicationFailure(error, about) : error
    }
  }

  async function begin(question: Question): Promise<ModelReply> {
    const { call, prompt, provider, model } = question
    const about = { provider: provider.name, model, promptVersion: prompt.version }
    const begun = await beginAttempt(pool, { call, ...about })
    const events = createCallEvents({
      append,
      onLost: (err) => log.warn({ runId: call.runId, err }, 'run events of a call were lost'),
      call,
      attempt: begun.attempt,
    })
    try {
      if (begun.outcome === 'begun') {
        events.started(about, { reset: begun.wroteBefore })
        return await ask(question, { ...begun, events })
      }
      // Once more, in case the attempt died between its ledger row and its last event.
      events.completed(begun.measured)
      return begun.reply
    } finally {
      await events.settled()
    }
  }

  async function ask(question: Question, { id, invalidBefore, events }: Asking) {
    const { prompt, provider, signal } = question
    const startedAt = performance.now()
    const latencyMs = (): number => Math.round(performance.now() - startedAt)
    let ttftMs: number | null = null
    let text: string | undefined
    const onText = (piece: string): void => {
      ttftMs ??= latencyMs()
      events.text(piece)
    }

    let paid
    try {
      const reply = await provider.chat(toRequest(question), { signal, onText })
      text = reply.text
      const output = readOutput(prompt, { reply, mayRepeat: invalidBefore === 0 })
      const { usage, finishReason, requestId, model } = reply
      const measured = { usage, finishReason, ttftMs: prompt.stream ? ttftMs : null }
      paid = { measured: { ...measured, latencyMs: latencyMs() }, requestId, model, output }
    } catch (error) {
      // What was paid is kept before anything is said about the content.
      const end = { id, ttftMs, latencyMs: latencyMs(), ...howItFailed(error, signal) }
      await finishAttempt(pool, { ...end, output: text })
      throw error
    }

    const { measured, ...answer } = paid
    const end = { id, outcome: 'succeeded', ...measured, ...answer } as const
    const standing = await insist(() => finishAttempt(pool, end), signal)
    events.completed(measured)
    return standing ?? { output: answer.output, model: answer.model, promptVersion: prompt.version }
  }
}

interface Question extends ModelChoice {
  call: ModelCall
  prompt: Prompt
  signal: AbortSignal
}

interface Asking {
  id: string
  invalidBefore: number
  events: CallEvents
}

function toRequest({ call, prompt, model }: Question): ChatRequest {
  return {
    prompt: prompt.name,
    model,
    messages: render(prompt, call.variables),
    ...(prompt.temperature !== undefined && { temperature: prompt.temperature }),
    maxOutputTokens: prompt.maxOutputTokens,
    ...(prompt.outputSchema !== null && { schema: prompt.outputSchema }),
    stream: prompt.stream,
  }
}

function render(prompt: Prompt, variables: ModelCall['variables']): ChatMessage[] {
  try {
    return prompt.render(variables)
  } catch (error) {
    throw promptFailure(error instanceof Error ? error.message : String(error))
  }
}

const promptFailure = (message: string): ChatFailure =>
  new ChatFailure({ code: 'LLM.PromptInvalid', retryable: false, message })

function howItFailed(error: unknown, signal: AbortSignal) {
  if (signal.aborted) {
    return {
      outcome: 'interrupted',
      message: 'The call was cancelled.',
      usage: null,
      requestId: null,
    } as const
  }
  const failure = error instanceof ChatFailure ? error : null
  return {
    outcome: 'failed',
    code: failure?.code ?? 'LLM.Unknown',
    message: error instanceof Error ? error.message : String(error),
    usage: failure?.usage ?? null,
    requestId: failure?.requestId ?? null,
  } as const
}

// A paid answer outlives an outage of Postgres: it is kept for as long as the activity may run.
async function insist<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  for (let ms = 500; ; ms = Math.min(ms * 2, LONGEST_PAUSE_MS)) {
    try {
      return await work()
    } catch (error) {
      if (signal.aborted || isRefused(error)) throw error
      await pause(ms)
    }
  }
}
