import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadModelConfig, type ModelSettings } from '../../src/models/model-setting.ts'
import { candidatesFor, checkTiers, mayFallBack, type ModelWish } from '../../src/models/tiers.ts'
import { profiles } from '../../src/providers/profiles.ts'

const settings: ModelSettings = {
  LLM_PROVIDER: 'openai',
  OPENAI_BASE_URL: 'http://127.0.0.1:8080/v1',
  LLM_MODEL_FAST: 'small',
  LLM_MODEL_STRONG: 'big',
  LLM_SCHEMA_MODE: 'json_object',
  LLM_MAX_TOKENS_FIELD: 'max_tokens',
}
const options = { env: { OPENAI_API_KEY: 'sk' }, profiles, keysNeeded: true }

const file = `
providers: { openai: {}, local: { profile: ollama } }
tiers: { fast: [openai/small, local/qwen], night: [local/qwen] }
`

/** The path of a file for one test. */
function written(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'onset-models-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'models.yaml')
  writeFileSync(path, text)
  return path
}

const wish = (some: Partial<ModelWish>): ModelWish => ({
  name: 'triage',
  tier: 'fast',
  model: null,
  fallback: false,
  ...some,
})

const namesOf = (candidates: ReturnType<typeof candidatesFor>): string[] =>
  candidates.map(({ provider, model }) => `${provider.id}/${model}`)

test('without a file the variables make one provider with two tiers', () => {
  const config = loadModelConfig(settings, options)

  expect([...config.tiers.keys()]).toEqual(['fast', 'strong'])
  expect(namesOf(candidatesFor(config, wish({ tier: 'strong' })))).toEqual(['openai/big'])
  expect(config.providers.get('openai')).toMatchObject({
    baseUrl: 'http://127.0.0.1:8080/v1',
    key: 'env:OPENAI_API_KEY',
    secret: 'sk',
    maxTokensField: 'max_tokens',
    supports: { jsonSchema: false, jsonObject: true },
  })
})

test.each([
  ['json_schema', { jsonSchema: true, jsonObject: true }],
  ['prompt', { jsonSchema: false, jsonObject: false }],
] as const)('LLM_SCHEMA_MODE=%s says what the server can', (mode, expected) => {
  const config = loadModelConfig({ ...settings, LLM_SCHEMA_MODE: mode }, options)

  expect(config.providers.get('openai')?.supports).toMatchObject(expected)
})

test('a prompt is answered by the first model of its tier, by the next ones only where it allows that', () => {
  const config = loadModelConfig({ ...settings, LLM_CONFIG: written(file) }, options)

  expect(namesOf(candidatesFor(config, wish({})))).toEqual(['openai/small'])
  expect(namesOf(candidatesFor(config, wish({ fallback: true })))).toEqual([
    'openai/small',
    'local/qwen',
  ])
})

test('a prompt may name a model that is in no tier', () => {
  const config = loadModelConfig({ ...settings, LLM_CONFIG: written(file) }, options)
  const model = { provider: 'local', model: 'library/other' }

  expect(namesOf(candidatesFor(config, wish({ tier: null, model, fallback: true })))).toEqual([
    'local/library/other',
  ])
})

test('the stand-in answers all tiers of the file, without any key', () => {
  const config = loadModelConfig(
    { ...settings, LLM_PROVIDER: 'scripted', LLM_CONFIG: written(file) },
    { ...options, env: {} },
  )

  expect(namesOf(candidatesFor(config, wish({ tier: 'night' })))).toEqual(['scripted/scripted'])
  expect(() => candidatesFor(config, wish({ tier: 'strong' }))).toThrow(/fast, night/)
})

test('prompts that nobody can answer are refused together, with what there is', () => {
  const config = loadModelConfig({ ...settings, LLM_CONFIG: written(file) }, options)

  expect(() =>
    checkTiers(config, [
      wish({}),
      wish({ name: 'digest', tier: 'huge' }),
      wish({ name: 'chase', tier: null, model: { provider: 'azure', model: 'x' } }),
    ]),
  ).toThrow(
    'Some prompts cannot be answered:\n' +
      'The prompt digest: expected a tier out of fast, night, received huge.\n' +
      'The prompt chase: expected a provider out of openai, local, received azure/x.',
  )
})

test.each([
  ['nowhere.yaml', 'LLM_CONFIG=nowhere.yaml cannot be read.'],
  [null, /cannot be used:\n {2}tiers\.fast: .*received nobody\/a$/],
])('a file that cannot be used stops the start: %s', (path, expected) => {
  const config = path ?? written('providers: { openai: {} }\ntiers: { fast: [nobody/a] }')

  expect(() => loadModelConfig({ ...settings, LLM_CONFIG: config }, options)).toThrow(expected)
})

test('a missing key stops the start of who calls models', () => {
  expect(() => loadModelConfig(settings, { ...options, env: {} })).toThrow(
    /OPENAI_API_KEY is not set/,
  )
})

test.each([
  ['LLM.ModelNotFound', true],
  ['LLM.ContextLength', true],
  ['LLM.ProviderPaused', true],
  ['LLM.BillingExhausted', true],
  ['LLM.Auth', true],
  ['LLM.Timeout', false],
  ['LLM.RateLimited', false],
  ['LLM.ContentFilter', false],
  ['LLM.BudgetExceeded', false],
] as const)('%s is a reason to ask another model: %s', (code, expected) => {
  expect(mayFallBack(code)).toBe(expected)
})
