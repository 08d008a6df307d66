import { expect, test } from 'vitest'
import { z } from 'zod'
import type { InboxEvent } from '../../src/inbox/events-table.ts'
import { type Catalogue, planDispatches } from '../../src/inbox/plan.ts'

const event = (body: unknown, changes: Partial<InboxEvent> = {}): InboxEvent => ({
  id: 'evt_1',
  tenant: 'default',
  source: 'test',
  key: 'key-1',
  type: 'tested',
  time: new Date(0).toISOString(),
  hops: 0,
  correlationId: 'evt_1',
  contentType: 'application/json',
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  ...changes,
})

const trigger: Catalogue[string] = {
  source: { name: 'test' },
  workflow: 'tested',
  when: () => true,
  read: (data) => ({ data, summary: 'A test' }),
}

test('each trigger of the source that means the event gets one run, the same each time', () => {
  const catalogue = {
    one: trigger,
    two: trigger,
    another: { ...trigger, source: { name: 'other' } },
    picky: { ...trigger, when: () => false },
  }

  const plans = planDispatches(event({ a: 1 }), catalogue)

  expect(plans).toMatchObject([
    { outcome: 'start', trigger: 'one', run: { input: { data: { a: 1 }, trigger: 'one' } } },
    { outcome: 'start', trigger: 'two' },
  ])
  const ids = plans.map((plan) => (plan.outcome === 'start' ? plan.run.id : ''))
  expect(ids.every((id) => /^tested:test:[0-9a-f]{32}$/.test(id))).toBe(true)
  expect(new Set(ids).size).toBe(2)
  expect(planDispatches(event({ a: 1 }), catalogue)).toEqual(plans)
})

test('a run has the priority of its trigger, and as one of many that are repeated it is bulk', () => {
  const catalogue = { one: trigger, two: { ...trigger, flow: { priority: 'bulk' } as const } }
  const priorities = (changes: Partial<InboxEvent> = {}) =>
    planDispatches(event({}, changes), catalogue).map(
      (plan) => plan.outcome === 'start' && plan.run.priority,
    )
  const replay = { id: 'rpl_1', runs: {} }

  expect(priorities()).toEqual(['interactive', 'bulk'])
  expect(priorities({ replay: { ...replay, ofMany: false } })).toEqual(['interactive', 'bulk'])
  expect(priorities({ replay: { ...replay, ofMany: true } })).toEqual(['bulk', 'bulk'])
})

const fails = (error: Error) => (): never => {
  throw error
}

const cycle: { self?: unknown } = {}
cycle.self = cycle

test.each<[string, Partial<Catalogue[string]>, unknown, string]>([
  ['a `when` that throws', { when: fails(new Error('oops')) }, {}, 'read_failed'],
  ['a `read` that throws', { read: fails(new Error('oops')) }, {}, 'read_failed'],
  [
    'a body that does not match',
    { read: (data) => ({ data: z.object({ a: z.number() }).parse(data), summary: '' }) },
    { a: 'one' },
    'body_mismatch',
  ],
  ['a body that cannot be read', {}, '{"a":', 'body_unreadable'],
  ['a `read` that picks a BigInt', { read: () => ({ data: 1n, summary: '' }) }, {}, 'read_failed'],
  [
    'a `read` that picks a cycle',
    { read: () => ({ data: cycle, summary: '' }) },
    {},
    'read_failed',
  ],
])('%s puts its own dispatch into quarantine, and no other', (_, changes, body, reason) => {
  const calm = { ...trigger, read: () => ({ data: null, summary: '' }) }

  const plans = planDispatches(event(body), { odd: { ...trigger, ...changes }, calm })

  // What cannot be read at all, no trigger can read.
  const others = reason === 'body_unreadable' ? 'quarantine' : 'start'
  expect(plans).toMatchObject([
    { outcome: 'quarantine', trigger: 'odd', reason },
    { outcome: others, trigger: 'calm' },
  ])
})
