import { readFileSync } from 'node:fs'
import {
  type Candidate,
  type ModelConfig,
  type ModelConfigOptions,
  readModelConfig,
  resolveModels,
} from './model-config.ts'

/** What the environment says about models. */
export interface ModelSettings {
  LLM_PROVIDER: 'openai' | 'scripted'
  LLM_CONFIG?: string | undefined
  OPENAI_BASE_URL: string
  LLM_MODEL_FAST: string
  LLM_MODEL_STRONG: string
  LLM_SCHEMA_MODE: 'json_schema' | 'json_object' | 'prompt'
  LLM_MAX_TOKENS_FIELD: 'max_completion_tokens' | 'max_tokens'
}

/**
 * Providers and tiers: of the file that LLM_CONFIG names, else of the variables, which make one provider with the
 * tiers `fast` and `strong`. Throws once, with all faults; no message contains a key.
 */
export function loadModelConfig(settings: ModelSettings, options: ModelConfigOptions): ModelConfig {
  const { LLM_CONFIG: path, LLM_PROVIDER } = settings
  const scripted = LLM_PROVIDER === 'scripted'
  // A stand-in needs no keys, but the tiers are to be known.
  const keysNeeded = options.keysNeeded && !scripted
  const config =
    path === undefined
      ? ofVariables(settings, { ...options, keysNeeded })
      : ofFile(path, { ...options, keysNeeded })
  return scripted ? { ...config, standIn } : config
}

function ofFile(path: string, options: ModelConfigOptions): ModelConfig {
  const reading = readModelConfig(textOf(path), options)
  if (reading.outcome === 'read') return reading.config
  throw new Error(
    `LLM_CONFIG=${path} cannot be used:\n${reading.faults.map((fault) => `  ${fault}`).join('\n')}`,
  )
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new Error(`LLM_CONFIG=${path} cannot be read.`, { cause })
  }
}

function ofVariables(settings: ModelSettings, options: ModelConfigOptions): ModelConfig {
  const { LLM_SCHEMA_MODE: mode } = settings
  const { faults, config } = resolveModels(
    {
      providers: {
        openai: {
          profile: 'openai',
          baseUrl: settings.OPENAI_BASE_URL,
          maxTokensField: settings.LLM_MAX_TOKENS_FIELD,
          supports: { jsonSchema: mode === 'json_schema', jsonObject: mode !== 'prompt' },
        },
      },
      tiers: {
        fast: [`openai/${settings.LLM_MODEL_FAST}`],
        strong: [`openai/${settings.LLM_MODEL_STRONG}`],
      },
    },
    options,
  )
  if (faults.length > 0) throw new Error(`The models cannot be used: ${faults.join('; ')}.`)
  return config
}

const standIn: Candidate = {
  model: 'scripted',
  provider: {
    id: 'scripted',
    profile: 'scripted',
    baseUrl: '',
    key: 'none',
    secret: '',
    api: 'chat',
    maxTokensField: 'max_tokens',
    supports: {
      jsonSchema: true,
      jsonObject: true,
      strictTools: true,
      streamUsage: true,
      developerRole: true,
      background: false,
    },
    limits: {},
    modelLimits: {},
    keyVariable: null,
    priceProvider: 'scripted',
    ownPrice: { inputMicros: 0, outputMicros: 0, cachedInputMicros: null },
  },
}
