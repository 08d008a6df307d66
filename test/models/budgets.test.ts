import { afterAll, expect, test } from 'vitest'
import { listBudgets, wishesWithRoom } from '../../src/models/budget-list.ts'
import {
  type BudgetRule,
  type Limits,
  removeBudgetRule,
  removeScopeLimits,
  setBudgetRule,
  setScopeLimits,
} from '../../src/models/budget-rules.ts'
import { type BudgetScope, parseScope } from '../../src/models/budget-scopes.ts'
import { reserve } from '../../src/models/budgets.ts'
import { settle } from '../../src/models/reservations.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPool } from '../../src/store/pool.ts'
import { createDatabase } from '../harness.ts'

const { url } = await createDatabase()
const pool = openPool({ databaseUrl: url, size: 8 })
afterAll(() => pool.end())
await migrate(pool)

const DOLLAR = 1_000_000
const unlimited: Limits = {
  limitMicros: null,
  limitTokens: null,
  limitCalls: null,
  softMicros: null,
}
const today = new Date().toISOString().slice(0, 10)
const tomorrow = new Date(Date.parse(today) + 86_400_000).toISOString()

let calls = 0
/** An attempt of a trigger that no other test uses. */
function newAttempt(trigger: string, changes: { estimateMicros?: number; at?: Date } = {}) {
  calls += 1
  const call = { tenant: 'default', runId: `flow:${calls}`, workflow: `${trigger}Flow`, trigger }
  const estimate = { estimateMicros: 30_000, estimateTokens: 100 }
  return { id: `flow:${calls}/t/a/1`, call, ...estimate, lifeMs: 60_000, ...changes }
}

const setRule = (rule: Pick<BudgetRule, 'kind' | 'name'>, limits: Partial<Limits>): Promise<void> =>
  setBudgetRule(pool, { ...unlimited, ...rule, ...limits, updatedBy: 'ada' })

const scopeNamed = (name: string): BudgetScope => {
  const scope = parseScope(name)
  if (scope === null) throw new Error(`Expected a scope, received ${name}.`)
  return scope
}

async function budgetOf(scope: string) {
  const [budget] = await listBudgets(pool, { scope, limit: 1 })
  return budget
}

test('without a rule every call is granted and nothing is kept', async () => {
  const attempt = newAttempt('free')

  expect(await reserve(pool, attempt)).toEqual({ outcome: 'granted', softPassed: [] })
  expect(await settle(pool, { id: attempt.id, micros: 1, tokens: 1 })).toBe(false)
  expect(await budgetOf(`trigger:free:${today}`)).toBeUndefined()
})

test('a call is granted while it fits, and what it cost takes the place of its estimate', async () => {
  await setRule({ kind: 'trigger', name: 'small' }, { limitMicros: 70_000 })
  const first = newAttempt('small')
  await reserve(pool, first)
  await reserve(pool, newAttempt('small'))
  const denied = await reserve(pool, newAttempt('small'))
  await settle(pool, { id: first.id, micros: 10_000, tokens: 40 })

  expect(denied).toEqual({
    outcome: 'denied',
    scope: `trigger:small:${today}`,
    scopes: [`trigger:small:${today}`],
    exceeded: 'money',
    limit: 70_000,
    used: 60_000,
    asked: 30_000,
    resumesAt: tomorrow,
  })
  expect(await reserve(pool, newAttempt('small'))).toMatchObject({ outcome: 'granted' })
  expect(await budgetOf(`trigger:small:${today}`)).toMatchObject({
    spentMicros: 10_000,
    reservedMicros: 60_000,
    spentTokens: 40,
    reservedTokens: 200,
    calls: 3,
  })
})

test('a call is denied by every scope that has no room, and draws on none of the others', async () => {
  await setRule({ kind: 'trigger', name: 'both' }, { limitMicros: DOLLAR })
  await setRule({ kind: 'workflow', name: 'bothFlow' }, { limitTokens: 50 })
  const denied = await reserve(pool, newAttempt('both'))

  expect(denied).toMatchObject({ scope: `workflow:bothFlow:${today}`, exceeded: 'tokens' })
  expect(await budgetOf(`trigger:both:${today}`)).toMatchObject({ reservedMicros: 0, calls: 0 })
})

test('what is more than a whole period allows waits for no other period', async () => {
  await setRule({ kind: 'trigger', name: 'tiny' }, { limitMicros: 29_999 })

  expect(await reserve(pool, newAttempt('tiny'))).toMatchObject({
    outcome: 'denied',
    resumesAt: null,
  })
})

test('a period that turns leaves the spending of the last one behind', async () => {
  await setRule({ kind: 'trigger', name: 'turning' }, { limitMicros: 30_000 })
  const late = { at: new Date('2026-12-31T23:59:59.999Z') }
  const early = { at: new Date('2027-01-01T00:00:00.000Z') }

  expect(await reserve(pool, newAttempt('turning', late))).toMatchObject({ outcome: 'granted' })
  expect(await reserve(pool, newAttempt('turning', late))).toMatchObject({
    scope: 'trigger:turning:2026-12-31',
    resumesAt: '2027-01-01T00:00:00.000Z',
  })
  expect(await reserve(pool, newAttempt('turning', early))).toMatchObject({ outcome: 'granted' })
})

test('a run has a cap on its calls, and what was never sent is none', async () => {
  await setRule({ kind: 'run', name: 'loopingFlow' }, { limitCalls: 2 })
  const { call, ...rest } = newAttempt('looping')
  const attempt = (activity: string) => ({ ...rest, call, id: `${call.runId}/t/${activity}/1` })
  await reserve(pool, attempt('a'))
  await reserve(pool, attempt('b'))
  const denied = await reserve(pool, attempt('c'))
  await settle(pool, { id: attempt('b').id, micros: 0, tokens: 0 })

  expect(denied).toMatchObject({ scope: `run:${call.runId}`, exceeded: 'calls', resumesAt: null })
  expect(await reserve(pool, attempt('c'))).toMatchObject({ outcome: 'granted' })
  expect(await reserve(pool, attempt('d'))).toMatchObject({ outcome: 'denied', used: 2, limit: 2 })
})

test('a rule by name comes before that for all, and a scope of its own before both', async () => {
  await setRule({ kind: 'workflow', name: 'namedFlow' }, { limitMicros: 0 })
  await setRule({ kind: 'workflow', name: '*' }, { limitMicros: 100 * DOLLAR })
  const denied = await reserve(pool, newAttempt('named'))
  const scope = scopeNamed(`workflow:namedFlow:${today}`)
  await setScopeLimits(pool, {
    scope,
    limits: { ...unlimited, limitMicros: DOLLAR },
    updatedBy: 'ada',
  })
  const granted = await reserve(pool, newAttempt('named'))
  const removed = await removeScopeLimits(pool, scope.scope)

  expect(denied).toMatchObject({ limit: 0 })
  expect(granted).toMatchObject({ outcome: 'granted' })
  expect(removed).toBe(true)
  expect(await reserve(pool, newAttempt('named'))).toMatchObject({ limit: 0 })
  expect(await removeBudgetRule(pool, { kind: 'workflow', name: 'namedFlow' })).toBe(true)
  expect(await reserve(pool, newAttempt('named'))).toMatchObject({ outcome: 'granted' })
  await removeBudgetRule(pool, { kind: 'workflow', name: '*' })
})

test('a raised rule holds at once, and says who has room', async () => {
  const listener = await pool.connect()
  const heard: string[] = []
  listener.on('notification', ({ channel }) => heard.push(channel))
  await listener.query('listen budget_changed')
  await setRule({ kind: 'trigger', name: 'raised' }, { limitMicros: 0 })
  await reserve(pool, newAttempt('raised'))
  const scope = `trigger:raised:${today}`
  const wish = { scope, estimateMicros: 30_000, estimateTokens: 10 }
  const before = await wishesWithRoom(pool, [wish])
  await setRule({ kind: 'trigger', name: 'raised' }, { limitMicros: 65_000 })
  const large = { ...wish, id: 'large', estimateMicros: DOLLAR }
  const after = await wishesWithRoom(pool, [
    large,
    { ...wish, id: 'first' },
    { ...wish, id: 'second' },
    { ...wish, id: 'third' },
    { ...wish, id: 'ended', scope: 'trigger:raised:2020-01-01' },
  ])
  await listener.query('select 1')
  listener.release(true)

  expect(before).toEqual([])
  expect(after.map(({ id }) => id)).toEqual(['first', 'second', 'ended'])
  expect(heard).toEqual(['budget_changed', 'budget_changed'])
  expect(await reserve(pool, newAttempt('raised'))).toMatchObject({ outcome: 'granted' })
})

test('a soft limit is said once and refuses nothing', async () => {
  await setRule({ kind: 'trigger', name: 'soft' }, { limitMicros: DOLLAR, softMicros: 50_000 })
  const answers = [
    await reserve(pool, newAttempt('soft')),
    await reserve(pool, newAttempt('soft')),
    await reserve(pool, newAttempt('soft')),
  ]
  await setRule({ kind: 'trigger', name: 'soft' }, { limitMicros: DOLLAR, softMicros: 110_000 })

  const passed = { outcome: 'granted', softPassed: [`trigger:soft:${today}`] }
  const quiet = { outcome: 'granted', softPassed: [] }
  expect(answers).toEqual([quiet, passed, quiet])
  expect(await reserve(pool, newAttempt('soft'))).toEqual(passed)
})

test('a limit that is set within its period counts what the ledger already holds', async () => {
  const spent = `insert into ledger (tenant, run_id, step, ask, attempt, prompt, provider, model, prompt_version, trigger,
                                    workflow, cost_micros, input_tokens, output_tokens, started_at)
                 values ('default', $1, 's', 1, 1, 'p', 'openai', 'm', 'v', $2, 'w', 40000, 10, 5, $3)`
  await pool.query(spent, ['flow:past-1', 'past', new Date()])
  await pool.query(spent, ['flow:past-2', 'other', new Date()])
  await pool.query(spent, ['flow:past-3', 'past', new Date(Date.parse(today) - 1)])
  await setRule({ kind: 'trigger', name: 'past' }, { limitMicros: 60_000 })

  expect(await reserve(pool, newAttempt('past'))).toMatchObject({ outcome: 'denied', used: 40_000 })
  expect(await budgetOf(`trigger:past:${today}`)).toMatchObject({ spentTokens: 15, calls: 1 })
})

test('reserving twice under one id reserves once, and never after it was settled', async () => {
  await setRule({ kind: 'trigger', name: 'twice' }, { limitMicros: DOLLAR })
  const attempt = newAttempt('twice')
  await reserve(pool, attempt)

  expect(await reserve(pool, attempt)).toMatchObject({ outcome: 'granted' })
  expect(await budgetOf(`trigger:twice:${today}`)).toMatchObject({
    reservedMicros: 30_000,
    calls: 1,
  })
  await settle(pool, { id: attempt.id, micros: 5, tokens: 5 })
  await expect(reserve(pool, attempt)).rejects.toThrow(
    'Expected an attempt that is not settled yet',
  )
})

test.each([
  ['run:triageIssue:github:1', 'run', 'triageIssue', null],
  ['trigger:a:b:2026-11-21', 'trigger', 'a:b', '2026-11-22T00:00:00.000Z'],
  ['tenant:default:2026-12-31', 'tenant', 'default', '2027-01-01T00:00:00.000Z'],
  ['day:2026-11-21', 'day', '*', '2026-11-22T00:00:00.000Z'],
  ['month:2026-12', 'month', '*', '2027-01-01T00:00:00.000Z'],
])('the scope %s is read', (scope, kind, name, endsAt) => {
  expect(parseScope(scope)).toMatchObject({ scope, kind, name, endsAt })
})

test.each([
  'day:2026-02-30',
  'day:2026-2-3',
  'month:2026-11-21',
  'trigger:a',
  'week:1',
  'run:',
  '',
])('the scope %s is none', (scope) => {
  expect(parseScope(scope)).toBeNull()
})
