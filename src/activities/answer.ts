import { setTimeout as pause } from 'node:timers/promises'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { ModelCall, ModelReply } from '../contracts/model-call.ts'
import { type Append, type CallEvents, createCallEvents } from '../models/call-events.ts'
import { beginAttempt, finishAttempt } from '../models/ledger.ts'
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

// A paid answer outlives a restart of Postgres: this long, in milliseconds, between the attempts to keep it.
const PAUSES_MS = [500, 1_000, 2_000, 4_000]

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

    try {
      const reply = await provider.chat(toRequest(question), { signal, onText })
      text = reply.text
      const output = readOutput(prompt, { reply, mayRepeat: invalidBefore === 0 })
      const { usage, finishReason, requestId } = reply
      const measured = { usage, finishReason, ttftMs: prompt.stream ? ttftMs : null }
      const end = { id, requestId, ...measured, latencyMs: latencyMs(), model: reply.model, output }
      const standing = await insist(() => finishAttempt(pool, { outcome: 'succeeded', ...end }))
      events.completed({ ...measured, latencyMs: end.latencyMs })
      return standing ?? { output, model: reply.model, promptVersion: prompt.version }
    } catch (error) {
      // What was paid is kept before anything is said about the content.
      const end = { id, ttftMs, latencyMs: latencyMs(), ...howItFailed(error, signal) }
      await finishAttempt(pool, { ...end, output: text })
      throw error
    }
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

async function insist<Result>(work: () => Promise<Result>): Promise<Result> {
  for (const ms of PAUSES_MS) {
    try {
      return await work()
    } catch {
      await pause(ms)
    }
  }
  return work()
}
