import pino from 'pino'
import { expect, test } from 'vitest'
import { Models } from '../../src/api/model-schemas.ts'
import { createBreakers } from '../../src/models/breakers.ts'
import { readModelConfig } from '../../src/models/model-config.ts'
import { syncLimits } from '../../src/models/limits.ts'
import { profiles } from '../../src/providers/profiles.ts'
import { openApi } from './open-api.ts'

const reading = readModelConfig(
  `
providers:
  openai: { limits: { rpm: 500, tpm: 200000, concurrency: 8 } }
  local: { profile: ollama, baseUrl: "http://user:secret@10.0.0.5:11434/v1" }
tiers: { fast: [openai/small, local/qwen], night: [local/qwen] }
`,
  { env: { OPENAI_API_KEY: 'sk-secret' }, profiles, keysNeeded: true },
)
if (reading.outcome === 'faulty') throw new Error(reading.faults.join('\n'))
const { pool, request } = await openApi({ models: reading.config })
const openAi = { provider: 'openai', key: 'env:OPENAI_API_KEY' }
const small = { ...openAi, model: 'small', rpm: 500, tpm: 200_000 }

const read = async () => {
  const response = await request('/api/models')
  expect(response.status).toBe(200)
  const text = await response.text()
  expect(text).not.toContain('secret')
  return Models.strict().parse(JSON.parse(text))
}

test('the models are shown as configured, without a key or password', async () => {
  await syncLimits(pool, [small, { ...openAi, model: 'gone', key: 'env:OLD', rpm: 1 }])

  const { tiers, providers, limits } = await read()

  expect(tiers).toEqual([
    { tier: 'fast', models: ['openai/small', 'local/qwen'] },
    { tier: 'night', models: ['local/qwen'] },
  ])
  expect(providers).toMatchObject([
    { id: 'openai', key: 'env:OPENAI_API_KEY', concurrency: 8, breaker: 'closed', probeAt: null },
    { id: 'local', profile: 'ollama', baseUrl: 'http://10.0.0.5:11434/v1', key: 'none' },
  ])
  expect(limits).toEqual([
    {
      provider: 'openai',
      model: 'small',
      rpm: 500,
      tpm: 200_000,
      observedRpm: null,
      observedTpm: null,
      share: 1,
      waitMs: 0,
      pausedUntil: null,
    },
  ])
})

test('what providers did is shown with them', async () => {
  await syncLimits(pool, [small])
  await pool.query(
    `update llm_limits set rate_factor = 0.5, steady_until_ms = llm_now_ms() + 60000, observed_rpm = 100,
       paused_until_ms = llm_now_ms() + 30000 where provider = 'openai' and model = 'small'`,
  )
  const breakers = createBreakers({ pool, log: pino({ level: 'silent' }) })
  await breakers.report(openAi, { code: 'LLM.BillingExhausted', message: 'No credit.' })

  const { providers, limits } = await read()

  expect(providers[0]).toMatchObject({
    breaker: 'open',
    reason: 'billing',
    message: 'No credit.',
    since: expect.any(String),
    probeAt: expect.any(String),
  })
  expect(limits).toMatchObject([{ observedRpm: 100, share: 0.5, pausedUntil: expect.any(String) }])
  expect(limits[0]?.waitMs).toBeGreaterThan(25_000)
})
