import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { ModelCall, ModelReply } from '../contracts/model-call.ts'
import type { Admission } from '../models/admission.ts'
import type { Breakers } from '../models/breakers.ts'
import type { Budgets } from '../models/budget-queue.ts'
import type { Reservation } from '../models/budgets.ts'
import type { Append } from '../models/call-events.ts'
import { beginAttempt } from '../models/ledger.ts'
import type { Grant } from '../models/limits.ts'
import { type Candidate, limitsOf, type ModelConfig } from '../models/model-config.ts'
import type { RateWatch } from '../models/observed-limits.ts'
import type { Prices } from '../models/prices.ts'
import { createTokenCounter } from '../models/prompt-tokens.ts'
import type { Prompt } from '../models/prompts.ts'
import type { ChatProvider } from '../providers/chat.ts'
import type { ModelTelemetry } from '../telemetry/model-telemetry.ts'
import { createAsk, type Heard } from './ask.ts'
import type { Filled } from './messages.ts'
import { insist } from './insist.ts'
import { awaitingProvider, budgetExceeded, providerPaused, throttled } from './obstacles.ts'
import type { Cost } from './pay.ts'

/** What one attempt stands on. */
export interface AttemptDependencies {
  pool: Pool
  config: ModelConfig
  /** Who answers for a provider of the configuration. */
  providerOf(candidate: Candidate): ChatProvider
  prices: Prices
  budgets: Budgets
  admission: Admission
  breakers: Breakers
  rateWatch: RateWatch
  /** Lets the runs go on that wait for a provider. */
  resume(provider: string): Promise<void>
  telemetry: ModelTelemetry
  append: Append
  log: Logger
}

/** One try of the activity, as Temporal counts it. */
export interface Attempt {
  /** `<run id>/<Temporal run id>/<activity id>`: the reservations of its attempts begin with it. */
  activity: string
  /** From 1. */
  number: number
  signal: AbortSignal
  /** How an answer that goes on in the background is found again. @default it is asked for anew */
  background?: Background
}

/** An answer that goes on in the background, whatever becomes of the attempt that asked for it. */
export interface Ongoing {
  provider: string
  responseId: string
  /** What was reserved for it. The attempt that takes the answer settles it, as it is paid once. */
  reservationId: string
}

/** Hands an answer that goes on in the background from one attempt to the next. */
export interface Background {
  /** What an earlier attempt has left at this provider. */
  resume(provider: string): Ongoing | undefined
  begun(ongoing: Ongoing): void
  /** There is nothing to resume any more. */
  over(): void
  /** Whether whoever ends the attempt for this reason wants no answer any more. */
  givesUp(reason: unknown): boolean
}

/** A call, ready to be sent to whoever may answer it. */
export interface Question {
  call: ModelCall
  prompt: Prompt
  filled: Filled
}

interface Asked {
  candidate: Candidate
  /** Its place among those who may answer. */
  place: number
  attempt: Attempt
}

// Waiting for the rate, the ten minutes that an attempt may take, and time to write it down.
const RESERVED_FOR_MS = 12 * 60_000

/**
 * One attempt with one model, in this order: breaker, budgets, rate, ledger, call. What was taken and not used is given
 * back, whatever happens in between.
 */
export function createAttempt(dependencies: AttemptDependencies) {
  const { pool, prices, budgets, admission, breakers, resume, log } = dependencies
  const ask = createAsk(dependencies)

  return async function attemptWith(question: Question, asked: Asked): Promise<ModelReply> {
    const { provider } = asked.candidate
    const key = { provider: provider.id, key: provider.key }
    // Only as it begins: what is tried again by itself goes by the breaker.
    const atOnce = question.call.probes === true && asked.attempt.number === 1
    const check = await breakers.check(key, { atOnce })
    if (check.outcome === 'open') throw providerPaused(check, provider.id)

    const leaseId = check.outcome === 'probe' ? check.leaseId : undefined
    // Until it was sent, nothing is known about the provider: a probe goes back.
    let heard: Heard = { code: 'LLM.Cancelled' }
    try {
      return await withBudget(question, asked, (end) => void (heard = end))
    } catch (error) {
      throw awaitingProvider(error, provider.id)
    } finally {
      // An unheard probe would hold everybody up for as long as its lease lasts.
      const report = () => breakers.report(key, { ...heard, leaseId })
      const change = await insist(report, asked.attempt.signal)
      if (change === 'closed') await resume(provider.id)
    }
  }

  async function withBudget(
    question: Question,
    asked: Asked,
    onHeard: (heard: Heard) => void,
  ): Promise<ModelReply> {
    const { call, filled } = question
    const { candidate, attempt } = asked
    const inputTokens = countTokens(filled)
    const estimate = await prices.estimate({
      priceProvider: candidate.provider.priceProvider,
      model: candidate.model,
      inputTokens,
      maxOutputTokens: filled.maxOutputTokens,
    })
    const estimateTokens = inputTokens + filled.maxOutputTokens
    const reservationId = await reserve(asked, {
      call,
      estimateMicros: estimate.micros,
      estimateTokens,
      lifeMs: RESERVED_FOR_MS,
    })

    // Nothing was sent, nothing is owed. Null stands for what nobody can say yet: the reservation stays open.
    let paid: Cost | null = { micros: 0, tokens: 0 }
    let grant: Grant | null = null
    try {
      grant = await admit(asked, { call, tokens: estimateTokens })
      const begun = await beginAttempt(pool, {
        call,
        provider: candidate.provider.id,
        model: candidate.model,
        promptVersion: question.prompt.version,
        reservationId,
      })
      return await ask(question, {
        begun,
        candidate,
        inputTokens,
        attempt,
        reservationId,
        onPaid: (cost) => void (paid = cost),
        onHeard,
      })
    } finally {
      if (paid !== null) await budgets.settle({ id: reservationId, ...paid })
      await admission.settle(grant, paid?.tokens ?? null)
    }
  }

  // What was reserved for an answer that goes on stands for it: it is paid once, whoever takes it.
  async function reserve(
    { candidate: { provider }, place, attempt }: Asked,
    reservation: Omit<Reservation, 'id'>,
  ): Promise<string> {
    const { call, estimateMicros: micros, estimateTokens: tokens, lifeMs } = reservation
    const ongoing = attempt.background?.resume(provider.id)
    if (ongoing !== undefined && (await budgets.takeOver({ id: ongoing.reservationId, lifeMs }))) {
      return ongoing.reservationId
    }
    const id = `${attempt.activity}/${place}/${attempt.number}`
    const reserved = await budgets.reserve({ id, ...reservation })
    if (reserved.outcome === 'denied') throw budgetExceeded(reserved, { micros, tokens })
    for (const scope of reserved.softPassed) {
      log.warn({ scope, runId: call.runId }, 'a budget has passed its soft limit')
    }
    return id
  }

  async function admit(
    { candidate, attempt }: Asked,
    { call, tokens }: { call: ModelCall; tokens: number },
  ): Promise<Grant | null> {
    const { provider, model } = candidate
    const admitted = await admission.admit(
      {
        provider: provider.id,
        key: provider.key,
        model,
        limits: limitsOf(candidate),
        tokens,
        priority: call.priority ?? 'interactive',
        slotId: `${call.runId}/${call.step}/${call.ask}`,
      },
      attempt.signal,
    )
    if (admitted.outcome === 'throttled')
      throw throttled(admitted.ms, { provider: provider.id, model })
    return admitted.grant
  }
}

function countTokens({ messages }: Filled): number {
  const counter = createTokenCounter()
  // What a message is wrapped in.
  const wrapping = 4
  return messages.reduce((sum, { content }) => sum + counter.count(content) + wrapping, 0)
}
