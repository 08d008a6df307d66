/** Every failure that a run, a step or a request can end with. Callers may rely on the codes. */
export type FailureCode =
  | 'LLM.Timeout'
  | 'LLM.Connection'
  | 'LLM.StreamInterrupted'
  | 'LLM.StreamError'
  | 'LLM.Truncated'
  | 'LLM.ContentFilter'
  | 'LLM.Refused'
  | 'LLM.InvalidOutput'
  | 'LLM.BillingExhausted'
  | 'LLM.Auth'
  | 'LLM.RateLimited'
  | 'LLM.SlowDown'
  | 'LLM.Overloaded'
  | 'LLM.Server'
  | 'LLM.Transient'
  | 'LLM.ModelNotFound'
  | 'LLM.ContextLength'
  | 'LLM.BadRequest'
  | 'LLM.BadGateway'
  /** A status whose retrying the provider rules itself, with `x-should-retry`. */
  | `LLM.Http${number}`
  | 'LLM.BudgetExceeded'
  /** Our own limiter: nothing was sent. */
  | 'LLM.Throttled'
  /** Our own breaker: nothing was sent. */
  | 'LLM.ProviderPaused'
  | 'LLM.Cancelled'
  | 'LLM.PromptInvalid'
  | 'LLM.Unknown'
  | 'Action.Refused'
  | 'Action.Unavailable'
  | 'Run.Failed'
  | 'Run.Cancelled'
  | 'Run.TimedOut'
  /** What the run was handed in Postgres, as it was too large for Temporal, is not there. */
  | 'Run.PayloadGone'

/** Why something did not work out, for people and for programs. */
export interface Failure {
  code: FailureCode
  /** What was expected, what came, and where. */
  message: string
  /** What an operator can do about it. */
  remedy?: string
}

/**
 * What is done about a failure: `transient` and `throttled` are tried again, `billing` and `budget` are waited for,
 * `invalid` output is asked for once more, and `hopeless` is left to an operator.
 */
export type FailureClass = 'transient' | 'throttled' | 'hopeless' | 'billing' | 'budget' | 'invalid'

/** What a failure of the model activity says beyond its code. */
export interface FailureDetails {
  /** The scope of the budget, or the provider, that stands in the way. */
  subject?: string
  /** ISO 8601: when it goes on in any case. */
  until?: string
  /** What the call may need of a budget. */
  asked?: { micros: number; tokens: number }
}

/** The class of a failure by its code alone; where the provider refused, its ruling may know more. */
export function failureClass(code: FailureCode): FailureClass {
  if (isOwnRuling(code)) return RETRIED_BY_STATUS.test(code) ? 'hopeless' : 'transient'
  return classes[code]
}

const isOwnRuling = (code: FailureCode): code is `LLM.Http${number}` => code.startsWith('LLM.Http')

// The provider's own word is asked for only where it says the opposite of what its status does.
const RETRIED_BY_STATUS = /Http(408|409|425|429|5\d\d)$/

const classes: Record<Exclude<FailureCode, `LLM.Http${number}`>, FailureClass> = {
  'LLM.Timeout': 'transient',
  'LLM.Connection': 'transient',
  'LLM.StreamInterrupted': 'transient',
  'LLM.StreamError': 'transient',
  'LLM.Truncated': 'invalid',
  'LLM.ContentFilter': 'hopeless',
  'LLM.Refused': 'hopeless',
  'LLM.InvalidOutput': 'invalid',
  'LLM.BillingExhausted': 'billing',
  'LLM.Auth': 'hopeless',
  'LLM.RateLimited': 'throttled',
  'LLM.SlowDown': 'transient',
  'LLM.Overloaded': 'transient',
  'LLM.Server': 'transient',
  'LLM.Transient': 'transient',
  'LLM.ModelNotFound': 'hopeless',
  'LLM.ContextLength': 'hopeless',
  'LLM.BadRequest': 'hopeless',
  'LLM.BadGateway': 'transient',
  'LLM.BudgetExceeded': 'budget',
  'LLM.Throttled': 'throttled',
  'LLM.ProviderPaused': 'throttled',
  'LLM.Cancelled': 'hopeless',
  'LLM.PromptInvalid': 'hopeless',
  'LLM.Unknown': 'transient',
  'Action.Refused': 'hopeless',
  'Action.Unavailable': 'transient',
  'Run.Failed': 'hopeless',
  'Run.Cancelled': 'hopeless',
  'Run.TimedOut': 'hopeless',
  'Run.PayloadGone': 'hopeless',
}

/** What an operator can do about a failure, where something can be done. */
export const remedies: Partial<Record<FailureCode, string>> = {
  'LLM.Auth': 'Check OPENAI_API_KEY, or the key in LLM_CONFIG: the provider refused it.',
  'LLM.BillingExhausted': 'The account has no credit left: raise its limit at the provider.',
  'LLM.ModelNotFound':
    'Check LLM_MODEL_FAST and LLM_MODEL_STRONG, or LLM_CONFIG: the provider knows no such model.',
  'LLM.Connection': 'Check OPENAI_BASE_URL, or baseUrl in LLM_CONFIG, and the network.',
  'LLM.BadGateway':
    'Check OPENAI_BASE_URL, or LLM_CONFIG: what answers there does not answer like a model.',
  'LLM.ContextLength': 'Let the trigger read less, or take a model with a longer context.',
  'LLM.ContentFilter': 'The provider refused the content: look at the event.',
  'LLM.Refused': 'The model declined: look at the event and the prompt.',
  'LLM.BadRequest': 'The provider refused the request: look at the prompt and its settings.',
  'LLM.InvalidOutput': 'The model did not answer in the form of its schema: look at the prompt.',
  'LLM.Truncated': 'Raise max_output_tokens in the front matter of the prompt.',
  'LLM.BudgetExceeded': 'Raise the budget that the message names, or wait for its next period.',
  'LLM.ProviderPaused': 'The provider is tried again by itself; `npx onset llm models` says why.',
  'LLM.PromptInvalid': 'Mend the prompt file that the message names.',
  'Run.PayloadGone': 'Bring the row back from a backup, or terminate the run and replay its event.',
  'Action.Refused': 'The receiver refused the request: look at its address and body.',
}
