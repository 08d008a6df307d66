/** How a kind of provider is spoken to. Everything here can be changed for one provider by configuration. */
export interface ProviderProfile {
  /** Null where only the configuration knows it. */
  baseUrl: string | null
  /** Chat Completions, which all speak, or Responses. */
  api: 'chat' | 'responses'
  /** Where it reads how long an answer may become. */
  maxTokensField: 'max_completion_tokens' | 'max_tokens'
  supports: ProviderAbilities
  /** As the price list calls it; null where a call costs nothing per token. */
  priceProvider: string | null
  /** What it bears where the configuration says nothing. */
  limits: { rpm?: number; tpm?: number; concurrency?: number }
  /** Where its key usually stands; null where it needs none. */
  keyVariable: string | null
}

/** What a provider makes use of. What it does not is left out of requests, as some servers refuse it. */
export interface ProviderAbilities {
  /** `response_format` of type `json_schema`. */
  jsonSchema: boolean
  /** `response_format` of type `json_object`. */
  jsonObject: boolean
  /** `strict` in the definitions of tools. */
  strictTools: boolean
  /** `stream_options.include_usage`. */
  streamUsage: boolean
  /** Messages with the role `developer`. */
  developerRole: boolean
  /** Responses that go on by themselves and are asked for by their id. */
  background: boolean
}

/** The profiles by their names. */
export type ProviderProfiles = Readonly<Record<string, ProviderProfile>>
