/** A key of a provider: what billing and outages are about. */
export interface ProviderKey {
  /** The provider's id in the configuration. */
  provider: string
  /** Where the key stands, such as `env:OPENAI_API_KEY`; never the key itself. */
  key: string
}

/** What a limit is about. */
export interface LimitedModel extends ProviderKey {
  model: string
}

/** How often and how much a model may be asked, over all workers. */
export interface RateLimits {
  /** Requests per minute; no limit where absent. */
  rpm?: number | undefined
  /** Tokens per minute, of questions and answers together; no limit where absent. */
  tpm?: number | undefined
}

/** What a provider says about its limits with an answer. */
export interface RateNews {
  limits: RateLimits
  /** What is left of them. */
  remaining: { requests?: number | undefined; tokens?: number | undefined }
  /** It wants no further call before this many milliseconds. */
  retryAfterMs?: number | undefined
}
