import type { ProviderAbilities, ProviderProfile } from '../contracts/provider-profile.ts'

const openAi: ProviderAbilities = {
  jsonSchema: true,
  jsonObject: true,
  strictTools: true,
  streamUsage: true,
  developerRole: true,
  background: true,
}

// What servers have that speak Chat Completions and no more.
const chatOnly: ProviderAbilities = {
  jsonSchema: true,
  jsonObject: true,
  strictTools: false,
  streamUsage: true,
  developerRole: false,
  background: false,
}

/**
 * What is known about providers, by the name of the profile. None has a rate of its own: that depends on the account,
 * and what a provider says of it in its answers is obeyed.
 */
export const profiles = {
  openai: {
    baseUrl: 'https://api.openai.com/v1',
    api: 'chat',
    maxTokensField: 'max_completion_tokens',
    supports: openAi,
    priceProvider: 'openai',
    limits: {},
    keyVariable: 'OPENAI_API_KEY',
  },
  // https://<resource>.openai.azure.com/openai/v1/; a model is the name of a deployment.
  azure: {
    baseUrl: null,
    api: 'chat',
    maxTokensField: 'max_completion_tokens',
    supports: openAi,
    priceProvider: 'azure',
    limits: {},
    keyVariable: 'AZURE_OPENAI_API_KEY',
  },
  // Its layer for OpenAI's clients drops response_format and strict without a word.
  anthropic: {
    baseUrl: 'https://api.anthropic.com/v1',
    api: 'chat',
    maxTokensField: 'max_tokens',
    supports: { ...chatOnly, jsonSchema: false, jsonObject: false },
    priceProvider: 'anthropic',
    limits: {},
    keyVariable: 'ANTHROPIC_API_KEY',
  },
  gemini: {
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
    api: 'chat',
    maxTokensField: 'max_tokens',
    supports: chatOnly,
    priceProvider: 'google',
    limits: {},
    keyVariable: 'GEMINI_API_KEY',
  },
  openrouter: {
    baseUrl: 'https://openrouter.ai/api/v1',
    api: 'chat',
    maxTokensField: 'max_tokens',
    supports: chatOnly,
    priceProvider: 'openrouter',
    limits: {},
    keyVariable: 'OPENROUTER_API_KEY',
  },
  ollama: {
    baseUrl: 'http://127.0.0.1:11434/v1',
    api: 'chat',
    maxTokensField: 'max_tokens',
    supports: chatOnly,
    priceProvider: null,
    limits: {},
    keyVariable: null,
  },
  vllm: {
    baseUrl: 'http://127.0.0.1:8000/v1',
    api: 'chat',
    maxTokensField: 'max_tokens',
    supports: chatOnly,
    priceProvider: null,
    limits: {},
    keyVariable: null,
  },
  // Takes the schema beside json_object.
  llamacpp: {
    baseUrl: 'http://127.0.0.1:8080/v1',
    api: 'chat',
    maxTokensField: 'max_tokens',
    supports: { ...chatOnly, jsonSchema: false },
    priceProvider: null,
    limits: {},
    keyVariable: null,
  },
  // Its prices are not known, which is not the same as none.
  custom: {
    baseUrl: null,
    api: 'chat',
    maxTokensField: 'max_tokens',
    supports: chatOnly,
    priceProvider: 'custom',
    limits: {},
    keyVariable: null,
  },
} as const satisfies Record<string, ProviderProfile>

/** How such a provider is told which form an answer must have; `prompt` is by words in the messages. */
export function schemaModeOf({
  jsonSchema,
  jsonObject,
}: Pick<ProviderAbilities, 'jsonSchema' | 'jsonObject'>): 'json_schema' | 'json_object' | 'prompt' {
  if (jsonSchema) return 'json_schema'
  return jsonObject ? 'json_object' : 'prompt'
}
