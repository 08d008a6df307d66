/** Every failure that a run, a step or a request can end with. Callers may rely on the codes. */
export type FailureCode =
  | 'LLM.Timeout'
  | 'LLM.Connection'
  | 'LLM.StreamInterrupted'
  | 'LLM.StreamError'
  | 'LLM.Truncated'
  | 'LLM.ContentFilter'
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
  | 'LLM.PromptInvalid'
  | 'LLM.Unknown'
  | 'Action.Refused'
  | 'Action.Unavailable'
  | 'Run.Failed'
  | 'Run.Cancelled'
  | 'Run.TimedOut'

/** Why something did not work out, for people and for programs. */
export interface Failure {
  code: FailureCode
  /** What was expected, what came, and where. */
  message: string
  /** What an operator can do about it. */
  remedy?: string
}

/** What an operator can do about a failure, where something can be done. */
export const remedies: Partial<Record<FailureCode, string>> = {
  'LLM.Auth': 'Check OPENAI_API_KEY: the provider refused it.',
  'LLM.BillingExhausted': 'The account has no credit left: raise its limit at the provider.',
  'LLM.ModelNotFound':
    'Check LLM_MODEL_FAST and LLM_MODEL_STRONG: the provider knows no such model.',
  'LLM.Connection': 'Check OPENAI_BASE_URL and the network.',
  'LLM.BadGateway': 'Check OPENAI_BASE_URL: what answers there does not answer like a model.',
  'LLM.ContextLength': 'Let the trigger read less, or take a model with a longer context.',
  'LLM.ContentFilter': 'The provider refused the content: look at the event.',
  'LLM.BadRequest': 'The provider refused the request: look at the prompt and its settings.',
  'LLM.InvalidOutput': 'The model did not answer in the form of its schema: look at the prompt.',
  'LLM.Truncated': 'Raise max_output_tokens in the front matter of the prompt.',
  'LLM.PromptInvalid': 'Mend the prompt file that the message names.',
  'Action.Refused': 'The receiver refused the request: look at its address and body.',
}
