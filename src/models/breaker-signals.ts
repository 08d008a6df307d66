import type { FailureCode } from '../contracts/failures.ts'

/** Why a provider is left alone. */
export type BreakerReason = 'billing' | 'auth' | 'outage'

/**
 * What a call says about its provider: it works, it works but this call was not one that proves more, it does not
 * work for that reason, or nothing at all.
 */
export type ProviderSignal = 'works' | 'answers' | 'silent' | BreakerReason

const signals: Partial<Record<FailureCode, ProviderSignal>> = {
  'LLM.BillingExhausted': 'billing',
  'LLM.Auth': 'auth',
  'LLM.Timeout': 'outage',
  'LLM.Connection': 'outage',
  'LLM.StreamInterrupted': 'outage',
  'LLM.StreamError': 'outage',
  'LLM.Server': 'outage',
  'LLM.Overloaded': 'outage',
  'LLM.Transient': 'outage',
  'LLM.BadGateway': 'outage',
  // An answer that does not fit was paid for all the same.
  'LLM.Truncated': 'works',
  'LLM.InvalidOutput': 'works',
  'LLM.ContentFilter': 'answers',
  'LLM.ContextLength': 'answers',
  'LLM.BadRequest': 'answers',
  'LLM.ModelNotFound': 'answers',
  'LLM.RateLimited': 'answers',
  'LLM.SlowDown': 'answers',
}

/** What a call that ended so says about its provider; null stands for an answer. */
export const signalOf = (code: FailureCode | null): ProviderSignal =>
  code === null ? 'works' : (signals[code] ?? 'silent')

/** Whether a probe that ended so shows that the reason is gone. */
export const clears = (signal: ProviderSignal, reason: BreakerReason): boolean =>
  // Before credit is looked at, a request may well be refused for something else.
  signal === 'works' || (signal === 'answers' && reason !== 'billing')
