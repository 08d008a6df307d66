import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { createModelMetrics } from '../../src/telemetry/model-metrics.ts'
import {
  createModelTelemetry,
  type TracedCall,
  type TracedEnd,
} from '../../src/telemetry/model-telemetry.ts'
import type { Span } from '../../src/telemetry/otlp.ts'
import { createSpans } from '../../src/telemetry/spans.ts'
import { startCollector } from './collector.ts'

const call: TracedCall = {
  tenant: 'default',
  runId: 'triageIssue:github:1',
  workflow: 'triageIssue',
  trigger: 'new-issues',
  step: 'triage-issue',
  ask: 1,
  attempt: 2,
  temporalRunId: '0199',
  activityId: '7',
  provider: 'west',
  profile: 'azure',
  baseUrl: 'https://west.openai.azure.com/openai/v1',
  model: 'gpt-test',
  prompt: 'triage-issue',
  promptVersion: '3',
  maxOutputTokens: 300,
  temperature: 0,
  serviceTier: 'flex',
  stream: true,
  json: true,
  messages: [
    { role: 'system', content: 'You triage.' },
    { role: 'user', content: 'A secret: 42.' },
  ],
}

const end: TracedEnd = {
  usage: {
    inputTokens: 1_200,
    outputTokens: 30,
    cachedInputTokens: 1_000,
    cacheWriteTokens: 5,
    reasoningTokens: 10,
  },
  finishReason: 'stop',
  responseModel: 'gpt-test-2026',
  responseId: 'chatcmpl-1',
  serviceTier: 'default',
  costMicros: 1_234,
  error: null,
  text: 'The secret is 42.',
}

function telemetry({ recordContent = false } = {}) {
  const spans: Span[] = []
  const registry = new Registry()
  const kept = { export: (span: Span) => void spans.push(span), close: async () => undefined }
  const models = createModelTelemetry({
    metrics: createModelMetrics(registry),
    spans: kept,
    recordContent,
  })
  return { models, spans, read: () => registry.metrics() }
}

test('a collector gets a span with what the conventions say about a call', async () => {
  const collector = await startCollector()
  const spans = createSpans({
    endpoint: `${collector.endpoint}/`,
    headers: 'authorization=Basic%20abc,x-y=1',
    serviceName: 'onset',
    log: { warn: () => undefined },
    everyMs: 5,
  })
  const metrics = createModelMetrics(new Registry())
  const models = createModelTelemetry({ metrics, spans, recordContent: false })

  const trace = models.call(call)
  trace.firstChunk()
  trace.end(end)
  await spans.close()

  expect(collector.requests).toEqual([
    { path: '/v1/traces', authorization: 'Basic abc', service: 'onset', spans: 1 },
  ])
  const [span] = collector.spans
  expect(span).toMatchObject({ name: 'chat gpt-test', status: { code: 0 } })
  expect(BigInt(span?.endTimeUnixNano ?? 0)).toBeGreaterThanOrEqual(
    BigInt(span?.startTimeUnixNano ?? 1),
  )
  expect(span?.attributes).toEqual({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'azure.ai.openai',
    'server.address': 'west.openai.azure.com',
    'server.port': 443,
    'gen_ai.request.model': 'gpt-test',
    'gen_ai.request.max_tokens': 300,
    'gen_ai.request.temperature': 0,
    'gen_ai.request.stream': true,
    'gen_ai.output.type': 'json',
    'openai.request.service_tier': 'flex',
    'gen_ai.conversation.id': 'triageIssue:github:1',
    'gen_ai.prompt.name': 'triage-issue',
    'gen_ai.workflow.name': 'triageIssue',
    'onset.llm.provider': 'west',
    'onset.prompt.version': '3',
    'onset.tenant': 'default',
    'onset.trigger': 'new-issues',
    'onset.step': 'triage-issue',
    'onset.ask': 1,
    'temporal.workflow_id': 'triageIssue:github:1',
    'temporal.run_id': '0199',
    'temporal.activity_id': '7',
    'temporal.attempt': 2,
    'gen_ai.response.model': 'gpt-test-2026',
    'gen_ai.response.id': 'chatcmpl-1',
    'openai.response.service_tier': 'default',
    'gen_ai.response.finish_reasons': ['stop'],
    'gen_ai.usage.input_tokens': 1_200,
    'gen_ai.usage.output_tokens': 30,
    'gen_ai.usage.cache_read.input_tokens': 1_000,
    'gen_ai.usage.cache_creation.input_tokens': 5,
    'gen_ai.usage.reasoning.output_tokens': 10,
    'onset.llm.usage_estimated': false,
    'onset.llm.cost_micros': 1_234,
    'langfuse.observation.cost_details': '{"total":0.001234}',
    'gen_ai.response.time_to_first_chunk': expect.any(Number),
  })
})

test('a failed call is a failed span that says nothing but the code', () => {
  const { models, spans } = telemetry()

  const trace = models.call(call)
  trace.end({ usage: null, costMicros: null, error: 'LLM.Timeout', text: 'The secret' })
  trace.end(end)

  expect(spans).toHaveLength(1)
  expect(spans[0]).toMatchObject({
    error: 'LLM.Timeout',
    attributes: { 'error.type': 'LLM.Timeout' },
  })
  expect(JSON.stringify(spans)).not.toContain('secret')
})

test('the calls of a run share a trace, and those of another do not', () => {
  const { models, spans } = telemetry()

  models.call(call).end(end)
  models.call({ ...call, step: 'other' }).end(end)
  models.call({ ...call, runId: 'triageIssue:github:2' }).end(end)

  const [first, second, other] = spans.map(({ traceId }) => traceId)
  expect(second).toBe(first)
  expect(other).not.toBe(first)
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(3)
})

test('question and answer are in no span unless somebody wants that', () => {
  const { models, spans } = telemetry()

  models.call(call).end(end)

  expect(JSON.stringify(spans)).not.toMatch(/secret|You triage/)
})

test('question and answer are in the span where somebody wants that, long ones cut', () => {
  const { models, spans } = telemetry({ recordContent: true })

  models.call(call).end({ ...end, text: 'a'.repeat(100_000) })

  const attributes = spans[0]?.attributes
  expect(attributes).toMatchObject({
    'gen_ai.system_instructions': '[{"type":"text","content":"You triage."}]',
    'gen_ai.input.messages':
      '[{"role":"user","parts":[{"type":"text","content":"A secret: 42."}]}]',
  })
  const answer: unknown = JSON.parse(String(attributes?.['gen_ai.output.messages']))
  expect(answer).toEqual([
    {
      role: 'assistant',
      parts: [{ type: 'text', content: `${'a'.repeat(20_000)}…` }],
      finish_reason: 'stop',
    },
  ])
})

test('calls are counted by the conventions, and their cost by our own name', async () => {
  const { models, read } = telemetry()

  const trace = models.call(call)
  trace.firstChunk()
  trace.end(end)
  models.call(call).end({ usage: null, costMicros: null, error: 'LLM.Timeout' })
  models.call(call).end({ ...end, costMicros: 'unpriced' })

  const text = await read()
  const labels =
    'gen_ai_operation_name="chat",gen_ai_provider_name="azure.ai.openai",gen_ai_request_model="gpt-test"'
  const answered = `${labels},gen_ai_response_model="gpt-test-2026",onset_provider="west"`
  const about = 'onset_provider="west",gen_ai_request_model="gpt-test"'
  expect(text).toContain(
    `gen_ai_client_operation_duration_seconds_count{${answered},error_type=""} 2`,
  )
  expect(text).toMatch(/duration_seconds_count\{.*error_type="LLM\.Timeout"\} 1/)
  expect(text).toContain(`gen_ai_client_operation_time_to_first_chunk_seconds_count{${answered}} 1`)
  expect(text).toContain(
    `gen_ai_client_token_usage_sum{${answered},gen_ai_token_type="input"} 2400`,
  )
  expect(text).toContain(`gen_ai_client_token_usage_sum{${answered},gen_ai_token_type="output"} 60`)
  expect(text).toContain(`onset_llm_cost_micros_total{${about}} 1234`)
  expect(text).toContain(`onset_llm_unpriced_calls_total{${about}} 1`)
  expect(boundsOf(text, 'operation_duration_seconds')).toEqual([
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
  ])
  expect(boundsOf(text, 'token_usage').at(-1)).toBe(67_108_864)
})

test('a provider that makes up names of models does not fill the memory', async () => {
  const { models, read } = telemetry()

  for (let number = 0; number < 300; number += 1) {
    models.call(call).end({ ...end, responseModel: `model-${number}` })
  }

  const names = (await read()).match(/(?<=duration_seconds_count\{.*gen_ai_response_model=")[^"]+/g)
  expect(names).toHaveLength(201)
  expect(names).toContain('other')
})

function boundsOf(text: string, metric: string): number[] {
  const bounds = [...text.matchAll(new RegExp(`${metric}_bucket\\{le="([\\d.]+)"`, 'g'))]
  return [...new Set(bounds.map(([, bound]) => Number(bound)))]
}
