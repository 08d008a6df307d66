import { messageOf } from '../contracts/message-of.ts'
import type { ModelCall, ModelReply } from '../contracts/model-call.ts'
import type { Correction } from '../models/corrections.ts'
import { findCorrection } from '../models/corrections.ts'
import { findReply } from '../models/ledger.ts'
import type { Candidate } from '../models/model-config.ts'
import { UnusablePrompt } from '../models/prompt-resolution.ts'
import type { Prompt } from '../models/prompts.ts'
import { candidatesFor, mayFallBack } from '../models/tiers.ts'
import { ChatFailure } from '../providers/chat.ts'
import { type Attempt, type AttemptDependencies, createAttempt, type Question } from './attempt.ts'
import { type Filled, messagesOf } from './messages.ts'
import { toApplicationFailure } from './model-failure.ts'

/** What model calls are made with. */
export interface AnswerDependencies extends AttemptDependencies {
  prompts: {
    resolve(name: string, run: { runId: string; at: string; version?: number }): Promise<Prompt>
  }
}

/** Answers a call: from the ledger, else by asking one model after the other of those that may answer. */
export type Answer = (call: ModelCall, attempt: Attempt) => Promise<ModelReply>

/**
 * Model calls without Temporal around them. Rejects with an `ApplicationFailure` that carries a code of ours, or with
 * the signal's reason once that is aborted.
 */
export function createAnswer(dependencies: AnswerDependencies): Answer {
  const { pool, prompts, config } = dependencies
  const attemptWith = createAttempt(dependencies)

  return async function answer(call, attempt) {
    // The first attempt of the first ask looks as it begins: that costs nothing more.
    const standing = attempt.number === 1 && call.ask === 1 ? null : await findReply(pool, call)
    if (standing !== null) return standing
    try {
      const prompt = await resolve(call)
      return await askInTurn({ call, prompt, filled: await fill(call, prompt) }, attempt)
    } catch (error) {
      attempt.signal.throwIfAborted()
      if (!(error instanceof ChatFailure)) throw error
      // What has been paid needs no budget and no provider.
      const paid = error.obstacle === undefined ? null : await findReply(pool, call)
      if (paid !== null) return paid
      throw toApplicationFailure(error)
    }
  }

  async function askInTurn(question: Question, attempt: Attempt): Promise<ModelReply> {
    let failure: unknown = unanswerable(`Nobody is configured to answer ${question.prompt.name}.`)
    for (const [place, candidate] of candidatesOf(question).entries()) {
      try {
        return await attemptWith(question, { candidate, place, attempt })
      } catch (error) {
        attempt.signal.throwIfAborted()
        failure = error
        if (!(error instanceof ChatFailure) || !mayFallBack(error.code)) break
      }
    }
    throw failure
  }

  // A version may name what this configuration does not know; asking again does not help.
  function candidatesOf({ prompt, call }: Question): readonly Candidate[] {
    try {
      return candidatesFor(config, { ...prompt, ...call.trial?.wish })
    } catch (error) {
      throw unanswerable(messageOf(error))
    }
  }

  async function resolve({ prompt, runId, runStartedAt, trial }: ModelCall): Promise<Prompt> {
    try {
      const version = trial === undefined ? {} : { version: trial.version }
      return await prompts.resolve(prompt, { runId, at: runStartedAt, ...version })
    } catch (error) {
      throw error instanceof UnusablePrompt ? promptFailure(error) : error
    }
  }

  async function fill(call: ModelCall, prompt: Prompt): Promise<Filled> {
    let correction: Correction | null = null
    if (call.corrects !== undefined) {
      correction = await findCorrection(pool, { ...call, ask: call.corrects })
    }
    try {
      return messagesOf(prompt, { variables: call.variables, correction })
    } catch (error) {
      throw promptFailure(error)
    }
  }
}

const promptFailure = (error: unknown): ChatFailure =>
  new ChatFailure({ code: 'LLM.PromptInvalid', retryable: false, message: messageOf(error) })

const unanswerable = (message: string): ChatFailure =>
  new ChatFailure({ code: 'LLM.ModelNotFound', retryable: false, message })
