import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { NewRunEvent } from '../../src/contracts/run.ts'
import { createCallEvents } from '../../src/models/call-events.ts'

const call = { tenant: 'default', runId: 'run:1', step: 'triage', ask: 2, prompt: 'triage-issue' }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function record(append?: (events: NewRunEvent[]) => Promise<void>) {
  const stored: NewRunEvent[] = []
  const lost: unknown[] = []
  const events = createCallEvents({
    append: append ?? (async (added) => void stored.push(...added)),
    onLost: (error) => lost.push(error),
    call,
    attempt: 3,
  })
  return { stored, lost, events }
}

const texts = (stored: NewRunEvent[]): string[] =>
  stored.flatMap((event) => (event.type === 'llm.delta' ? [event.data.text] : []))

test('the first text goes out at once, later text together', async () => {
  const { stored, events } = record()

  events.text('one ')
  events.text('two ')
  events.text('three ')
  await vi.advanceTimersByTimeAsync(0)
  expect(texts(stored)).toEqual(['one '])

  await vi.advanceTimersByTimeAsync(30)
  expect(texts(stored)).toEqual(['one ', 'two three '])

  await vi.advanceTimersByTimeAsync(100)
  events.text('four')
  await vi.advanceTimersByTimeAsync(0)
  expect(texts(stored)).toEqual(['one ', 'two three ', 'four'])
})

test('a call is told in order, under keys of its own', async () => {
  const { stored, events } = record()

  events.started({ provider: 'p', model: 'm', promptVersion: 'v' }, { reset: true })
  events.text('one\0')
  events.text('two')
  events.completed({ usage: null, finishReason: 'stop', ttftMs: 1, latencyMs: 2 })
  await events.settled()

  expect(stored.map(({ key, type }) => `${key} ${type}`)).toEqual([
    'triage/2/3/reset llm.reset',
    'triage/2/3/started llm.started',
    'triage/2/3/delta/1 llm.delta',
    'triage/2/3/delta/2 llm.delta',
    'triage/2/3/completed llm.completed',
  ])
  expect(texts(stored)).toEqual(['one', 'two'])
  expect(vi.getTimerCount()).toBe(0)
})

test('events that cannot be stored are reported once and hold up nothing', async () => {
  const { lost, events } = record(() => Promise.reject(new Error('No database.')))

  events.text('one')
  events.completed({ usage: null, finishReason: 'stop', ttftMs: 1, latencyMs: 2 })
  await events.settled()

  expect(lost).toHaveLength(1)
})
