import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Span } from '../../src/telemetry/otlp.ts'
import { createSpans } from '../../src/telemetry/spans.ts'
import { startCollector } from './collector.ts'

const span = (number: number, text = ''): Span => ({
  name: 'chat gpt-test',
  traceId: 'a'.repeat(32),
  spanId: number.toString(16).padStart(16, '0'),
  startedAt: 1_760_000_000_000.25,
  endedAt: 1_760_000_000_500,
  attributes: { number, text },
  error: null,
})

function exporter(
  endpoint: string | undefined,
  options: { everyMs?: number; timeoutMs?: number } = {},
) {
  const warnings: unknown[] = []
  const log = { warn: (about: unknown) => void warnings.push(about) }
  const spans = createSpans({ endpoint, serviceName: 'onset', log, ...options })
  return { spans, warnings }
}

test('many spans go in few requests, none is lost and none comes twice', async () => {
  const collector = await startCollector()
  const { spans, warnings } = exporter(collector.endpoint)

  for (let number = 0; number < 1_000; number += 1) spans.export(span(number))
  await spans.close()

  expect(collector.requests.map((request) => request.spans)).toEqual([256, 256, 256, 232])
  expect(new Set(collector.spans.map(({ spanId }) => spanId)).size).toBe(1_000)
  expect(collector.spans[0]?.startTimeUnixNano).toBe('1760000000000250000')
  expect(warnings).toEqual([])
})

test('spans go by themselves after a while', async () => {
  const collector = await startCollector()
  const { spans } = exporter(collector.endpoint, { everyMs: 5 })

  spans.export(span(1))

  await expect.poll(() => collector.spans.length).toBe(1)
  spans.export(span(2))
  await expect.poll(() => collector.spans.length).toBe(2)
})

test('a collector that hangs delays nobody and is told of once', async () => {
  const collector = await startCollector('hang')
  const { spans, warnings } = exporter(collector.endpoint, { everyMs: 1, timeoutMs: 300 })
  const times: number[] = []

  for (let number = 0; number < 500; number += 1) {
    const begin = performance.now()
    spans.export(span(number))
    times.push(performance.now() - begin)
    await turn()
  }
  const begin = performance.now()
  await spans.close()

  expect(times.toSorted((one, other) => one - other)[450]).toBeLessThan(1)
  expect(performance.now() - begin).toBeLessThan(5_500)
  expect(warnings).toHaveLength(1)
})

test.each([
  ['refuses', async () => (await startCollector('refuse')).endpoint],
  ['is not there', async () => 'http://127.0.0.1:1'],
])('a collector that %s is told of once', async (_name, endpointOf) => {
  const endpoint = await endpointOf()
  const { spans, warnings } = exporter(endpoint)

  for (let number = 0; number < 600; number += 1) spans.export(span(number))
  await spans.close()

  expect(warnings).toMatchObject([{ endpoint, spans: 256, reason: expect.any(String) }])
})

test('what waits for a collector takes no more memory than a few thousand spans', async () => {
  const collector = await startCollector()
  const { spans, warnings } = exporter(collector.endpoint)

  for (let number = 0; number < 3_000; number += 1) spans.export(span(number))
  await spans.close()

  expect(collector.spans).toHaveLength(2_048)
  expect(warnings).toMatchObject([{ reason: 'too many are waiting' }])
})

test('spans with much content count by their length', async () => {
  const collector = await startCollector()
  const { spans } = exporter(collector.endpoint)

  for (let number = 0; number < 40; number += 1) spans.export(span(number, 'a'.repeat(1_000_000)))
  await spans.close()

  expect(collector.spans).toHaveLength(15)
  expect(collector.requests.every((request) => request.spans <= 2)).toBe(true)
})

test('without a collector nothing is sent', async () => {
  const { spans, warnings } = exporter(undefined)

  spans.export(span(1))
  await spans.close()

  expect(warnings).toEqual([])
})
