import { expect, test } from 'vitest'
import {
  candidateOf,
  limitsOf,
  type ModelConfig,
  ownPricesOf,
  readModelConfig,
} from '../../src/models/model-config.ts'
import { profiles } from '../../src/providers/profiles.ts'

const env = { OPENAI_API_KEY: 'sk-one', ROUTER_KEY: 'sk-two' }

const read = (text: string, keysNeeded = true) =>
  readModelConfig(text, { env, profiles, keysNeeded })

function readValid(text: string): ModelConfig {
  const reading = read(text)
  if (reading.outcome === 'faulty') throw new Error(reading.faults.join('\n'))
  return reading.config
}

const faultsOf = (text: string): string[] => {
  const reading = read(text)
  return reading.outcome === 'faulty' ? reading.faults : []
}

const whole = `
providers:
  openai:
    limits: { rpm: 500, tpm: 200000, models: { big: { rpm: 50 } } }
  router:
    profile: openrouter
    apiKey: env:ROUTER_KEY
    api: responses
    supports: { jsonSchema: false }
    price: { provider: openai }
  local:
    profile: ollama
    baseUrl: http://10.0.0.5:11434/v1
    limits: { concurrency: 2 }
  rented:
    profile: custom
    baseUrl: https://models.example/v1
    price: { input: 0.25, output: "2", cachedInput: 0.025 }
tiers:
  fast: [openai/small, local/qwen3:4b]
  strong: [openai/big, router/anthropic/claude-x]
  night: [rented/own]
`

test('a provider has what its profile has, and what the file says in its place', () => {
  const { providers } = readValid(whole)

  expect(providers.get('openai')).toMatchObject({
    profile: 'openai',
    baseUrl: 'https://api.openai.com/v1',
    key: 'env:OPENAI_API_KEY',
    secret: 'sk-one',
    api: 'chat',
    maxTokensField: 'max_completion_tokens',
    priceProvider: 'openai',
    limits: { rpm: 500, tpm: 200_000 },
  })
  expect(providers.get('router')).toMatchObject({
    baseUrl: 'https://openrouter.ai/api/v1',
    key: 'env:ROUTER_KEY',
    secret: 'sk-two',
    api: 'responses',
    supports: { jsonSchema: false, jsonObject: true },
    priceProvider: 'openai',
  })
  expect(providers.get('local')).toMatchObject({
    baseUrl: 'http://10.0.0.5:11434/v1',
    key: 'none',
    secret: '',
    limits: { concurrency: 2 },
  })
})

test('a tier lists its models in the order in which they are tried', () => {
  const { tiers } = readValid(whole)

  const lists = [...tiers].map(([tier, candidates]) => [
    tier,
    candidates.map(({ provider, model }) => [provider.id, model]),
  ])
  expect(lists).toEqual([
    [
      'fast',
      [
        ['openai', 'small'],
        ['local', 'qwen3:4b'],
      ],
    ],
    [
      'strong',
      [
        ['openai', 'big'],
        ['router', 'anthropic/claude-x'],
      ],
    ],
    ['night', [['rented', 'own']]],
  ])
})

test('limits hold for each model of a provider, and those of a model come first', () => {
  const { providers } = readValid(whole)
  const limits = ['openai/small', 'openai/unlisted', 'openai/big'].map((name) => {
    const candidate = candidateOf(providers, name)
    return candidate === null ? null : limitsOf(candidate)
  })

  expect(limits).toEqual([
    { rpm: 500, tpm: 200_000 },
    { rpm: 500, tpm: 200_000 },
    { rpm: 50, tpm: undefined },
  ])
})

test('prices of the file become overrides; a server of our own costs nothing, an unknown one is not free', () => {
  const prices = ownPricesOf(readValid(whole))

  expect(prices).toMatchObject([
    { provider: 'local', model: '*', inputMicros: 0, outputMicros: 0 },
    {
      provider: 'rented',
      model: '*',
      inputMicros: 250_000,
      outputMicros: 2_000_000,
      cachedInputMicros: 25_000,
    },
  ])
  const unknown = readValid(
    'providers: { x: { profile: custom, baseUrl: "http://x/v1" } }\ntiers: { fast: [x/y] }',
  )
  expect(ownPricesOf(unknown)).toEqual([])
})

test('all faults are told at once', () => {
  const faults = faultsOf(`
providers:
  openai: { apiKey: env:NO_SUCH_VARIABLE }
  azure: { apiKey: env:OPENAI_API_KEY }
  mystery: {}
tiers:
  fast: [openai/small, nobody/small, small, openai/]
  strong: [azure/deployment]
`)

  const expected = 'expected provider/model with a provider out of openai, azure, mystery'
  expect(faults).toEqual([
    'providers.openai.apiKey: the variable NO_SUCH_VARIABLE is not set',
    'providers.azure.baseUrl: is missing; the profile azure has none of its own',
    expect.stringMatching(
      /^providers\.mystery\.profile: expected one of openai, azure, .*custom, received mystery$/,
    ),
    `tiers.fast: ${expected}, received nobody/small`,
    `tiers.fast: ${expected}, received small`,
    `tiers.fast: ${expected}, received openai/`,
  ])
})

test.each([
  [
    'a key itself',
    'providers: { openai: { apiKey: sk-secret-1 } }\ntiers: { fast: [openai/a] }',
    /reference such as env:OPENAI_API_KEY/,
  ],
  [
    'an unknown field',
    'providers: { openai: { api_key: sk-secret-1 } }\ntiers: { fast: [openai/a] }',
    /api_key/,
  ],
  [
    'a rate of nothing',
    'providers: { openai: { limits: { rpm: 0 } } }\ntiers: { fast: [openai/a] }',
    /limits\.rpm/,
  ],
  ['a tier without models', 'providers: { openai: {} }\ntiers: { fast: [] }', /tiers\.fast/],
  [
    'a name that no prompt may use',
    'providers: { Open_AI: {} }\ntiers: { fast: [openai/a] }',
    /Open_AI/,
  ],
  [
    'a price that is none',
    'providers: { openai: { price: { input: cheap, output: 1 } } }\ntiers: { fast: [openai/a] }',
    /price/,
  ],
  ['no tiers', 'providers: { openai: {} }', /tiers/],
  ['nothing', '', /expected object/],
  ['broken YAML', 'providers: { openai: { apiKey: "sk-secret-1', /./],
])('%s is refused, and no message contains a key', (_, text, expected) => {
  const faults = faultsOf(text).join('\n')

  expect(faults).toMatch(expected)
  expect(faults).not.toContain('sk-secret-1')
})

test('who calls no model needs no keys', () => {
  const text = 'providers: { openai: { apiKey: env:ELSEWHERE } }\ntiers: { fast: [openai/a] }'

  expect(read(text, false).outcome).toBe('read')
  expect(read(text).outcome).toBe('faulty')
})
