import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common'
import type { FailureDetails } from '../contracts/failures.ts'
import type { BreakerCheck } from '../models/breakers.ts'
import type { Denial } from '../models/budgets.ts'
import { ChatFailure } from '../providers/chat.ts'

// What is put off for longer is a wait that people see, and no attempt that is about to be made.
const LONGEST_DELAY_MS = 15 * 60_000
// By then the breaker says when it is tried again; a little apart, as thousands may find out together.
const FIRST_LOOK_MS = 60_000

/**
 * The call has its turn later: Temporal repeats it then. No failure to whoever watches, and nothing was sent. Beyond a
 * quarter of an hour the run waits.
 */
export function throttled(
  ms: number,
  { provider, model }: { provider: string; model: string },
): ApplicationFailure | ChatFailure {
  const message = `The calls to ${provider}/${model} are at their limit: this one has its turn in ${Math.ceil(ms / 1_000)} s.`
  if (ms > LONGEST_DELAY_MS) {
    const obstacle = { subject: provider, until: timeIn(ms) }
    return new ChatFailure({ code: 'LLM.Throttled', retryable: false, message, obstacle })
  }
  return ApplicationFailure.create({
    type: 'LLM.Throttled',
    message,
    nextRetryDelay: Math.ceil(ms),
    category: ApplicationFailureCategory.BENIGN,
    details: [{ provider, model }],
  })
}

/**
 * What a refusal means for its run. An account without credit is no fault of the call, and a provider that wants
 * nothing for more than a quarter of an hour is left alone: the run waits for the provider. Anything else stays as it
 * is.
 */
export function awaitingProvider(error: unknown, provider: string): unknown {
  if (!(error instanceof ChatFailure)) return error
  const { retryAfterMs = 0 } = error
  const waitsFor = (obstacle: FailureDetails) => error.with({ retryable: false, obstacle })
  if (error.class === 'billing') {
    const ms = Math.max(retryAfterMs, FIRST_LOOK_MS * (1 + Math.random()))
    return waitsFor({ subject: provider, until: timeIn(ms) })
  }
  if (!error.retryable || retryAfterMs <= LONGEST_DELAY_MS) return error
  return waitsFor({ subject: provider, until: timeIn(spread(retryAfterMs)) })
}

/** Never earlier than told, and up to 20 % and a second later: workers must not come back in step. */
export const spread = (ms: number): number =>
  Math.ceil(ms * (1 + Math.random() * 0.2) + Math.random() * 1_000)

/** The provider is left alone: the run waits for it, and is woken when it is back. */
export const providerPaused = (
  { message, probeAt }: Extract<BreakerCheck, { outcome: 'open' }>,
  provider: string,
): ChatFailure =>
  new ChatFailure({
    code: 'LLM.ProviderPaused',
    retryable: false,
    message: `The provider ${provider} is left alone for a while: ${message}`,
    obstacle: { subject: provider, until: probeAt },
  })

/** A budget has no room: the run waits for it, until it is raised or its period turns. */
export function budgetExceeded(
  { scope, exceeded, limit, used, asked: need, resumesAt }: Denial,
  asked: { micros: number; tokens: number },
): ChatFailure {
  const amount = (value: number): string =>
    exceeded === 'money' ? `$${(value / 1_000_000).toFixed(6)}` : `${value} ${exceeded}`
  return new ChatFailure({
    code: 'LLM.BudgetExceeded',
    retryable: false,
    message: `The budget ${scope} has no room: ${amount(used)} of ${amount(limit)} are used, this call may need ${amount(need)}.`,
    obstacle: { subject: scope, asked, ...(resumesAt === null ? {} : { until: resumesAt }) },
  })
}

const timeIn = (ms: number): string => new Date(Date.now() + ms).toISOString()
