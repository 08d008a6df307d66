import { expect, test } from 'vitest'
import type { ApiClient } from '../../src/cli/api-client.ts'
import { showModels } from '../../src/cli/llm-models.ts'

const answer = {
  tiers: [{ tier: 'fast', models: ['openai/small', 'local/qwen'] }],
  providers: [
    {
      id: 'openai',
      profile: 'openai',
      baseUrl: 'https://api.openai.com/v1',
      api: 'chat',
      key: 'env:OPENAI_API_KEY',
      concurrency: null,
      breaker: 'open',
      reason: 'billing',
      message: 'No credit.',
      since: '2026-01-01T00:00:00.000Z',
      probeAt: '2026-01-01T00:00:30.000Z',
    },
  ],
  limits: [
    {
      provider: 'openai',
      model: 'small',
      rpm: 500,
      tpm: null,
      observedRpm: 60,
      observedTpm: null,
      share: 0.5,
      waitMs: 1_250,
      pausedUntil: null,
    },
  ],
}

async function show(json: boolean): Promise<{ lines: string[]; value: unknown }> {
  const client: ApiClient = {
    url: '',
    get: () => Promise.resolve(answer),
    post: () => Promise.reject(new Error('Nothing is changed.')),
    put: () => Promise.reject(new Error('Nothing is changed.')),
    delete: () => Promise.reject(new Error('Nothing is changed.')),
    stream: () => Promise.reject(new Error('Nothing is streamed.')),
  }
  const written: { lines: string[]; value: unknown } = { lines: [], value: undefined }
  const print = {
    line: (text: string) => void written.lines.push(...text.split('\n')),
    piece: () => undefined,
    json: (value: unknown) => void (written.value = value),
    error: () => undefined,
  }
  expect(await showModels(client, { json, print })).toBe(0)
  return written
}

test('tiers, providers and limits are three tables', async () => {
  const { lines } = await show(false)

  expect(lines).toEqual([
    expect.stringMatching(/^TIER +MODELS$/),
    expect.stringMatching(/^fast +openai\/small, then local\/qwen$/),
    '',
    expect.stringMatching(/^PROVIDER +PROFILE .*STATE/),
    expect.stringMatching(/^openai .*paused: billing .*2026-01-01T00:00:30\.000Z +No credit\.$/),
    '',
    expect.stringMatching(/^MODEL +REQUESTS\/MIN +TOKENS\/MIN +SHARE +WAIT$/),
    expect.stringMatching(/^openai\/small +500; the provider says 60 +no limit +50 % +1\.3 s$/),
  ])
})

test('programs get the answer as it is', async () => {
  expect((await show(true)).value).toEqual(answer)
})
