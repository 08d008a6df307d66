import { expect, test } from 'vitest'
import { providerPaused, throttled } from '../../src/activities/obstacles.ts'
import { toApplicationFailure } from '../../src/activities/model-failure.ts'
import { ChatFailure } from '../../src/providers/chat.ts'
import { obstacleOf } from '../../src/workflows/steps/obstacle.ts'

test('a call that has its turn later is repeated then, and nobody is told of a failure', () => {
  const failure = throttled(7_200.4, { provider: 'openai', model: 'gpt-test' })

  expect(failure).toMatchObject({
    type: 'LLM.Throttled',
    nonRetryable: false,
    nextRetryDelay: 7_201,
    category: 'BENIGN',
  })
})

test('a provider that is left alone is something to wait for', () => {
  const probeAt = '2026-01-01T00:00:30.000Z'
  const failure = providerPaused(
    { outcome: 'open', reason: 'billing', message: 'No credit.', probeAt },
    'openai',
  )

  expect(failure).toMatchObject({ code: 'LLM.ProviderPaused', retryable: false })
  expect(obstacleOf(toApplicationFailure(failure))).toEqual({
    kind: 'provider',
    subject: 'openai',
    until: probeAt,
  })
})

test('a turn that is more than a quarter of an hour away is something to wait for', () => {
  const failure = throttled(16 * 60_000, { provider: 'openai', model: 'gpt-test' })

  expect(failure instanceof ChatFailure && obstacleOf(toApplicationFailure(failure))).toMatchObject(
    {
      kind: 'provider',
      subject: 'openai',
      until: expect.any(String),
    },
  )
})
