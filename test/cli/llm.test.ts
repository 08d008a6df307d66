import { expect, test } from 'vitest'
import { beginAttempt, finishAttempt } from '../../src/models/ledger.ts'
import { openCommandLine } from './open-command-line.ts'

const { onset, pool } = await openCommandLine()

async function spend(): Promise<void> {
  const call = {
    tenant: 'default',
    runId: 'triageIssue:github:1',
    step: 'triage',
    ask: 1,
    prompt: 'triage-issue',
    workflow: 'triageIssue',
    trigger: 'newIssues',
  }
  const about = { provider: 'openai', model: 'gpt-test', promptVersion: '1' }
  const begun = await beginAttempt(pool, { call, ...about })
  if (begun.outcome !== 'begun') return
  await finishAttempt(pool, {
    id: begun.id,
    outcome: 'succeeded',
    model: 'gpt-test',
    finishReason: 'stop',
    usage: { inputTokens: 100, outputTokens: 5 },
    price: { costMicros: 2_500, source: 'override', priceVersion: 'override/1', unitPrices: null },
    requestId: null,
    ttftMs: null,
    latencyMs: 5,
    output: null,
  })
}

test('without a rule nothing is limited', async () => {
  expect(await onset('llm', 'budgets')).toEqual({
    exitCode: 0,
    out: '',
    error: 'Nothing is limited.\n',
  })
})

test('a budget is set in dollars, listed and removed', async () => {
  const argv = ['--limit', '5.00', '--soft', '4.5', '--tokens', '1000000']
  const set = await onset('llm', 'budgets', 'set', 'trigger', 'newIssues', ...argv, '--json')
  const listed = await onset('llm', 'budgets')
  const removed = await onset('llm', 'budgets', 'remove', 'trigger', 'newIssues')
  const again = await onset('llm', 'budgets', 'remove', 'trigger', 'newIssues')

  expect(JSON.parse(set.out)).toMatchObject({
    rules: [
      {
        kind: 'trigger',
        name: 'newIssues',
        limitMicros: 5_000_000,
        softMicros: 4_500_000,
        limitTokens: 1_000_000,
        limitCalls: null,
        updatedBy: 'ada',
      },
    ],
  })
  expect(listed.out).toMatch(/trigger newIssues +\$5\.00 +\$4\.50 +1000000 +ada/)
  expect(removed.exitCode).toBe(0)
  expect(again).toMatchObject({
    exitCode: 4,
    error: 'There is no rule for trigger newIssues. (not_found)\n',
  })
})

test('one scope has a limit of its own', async () => {
  const scope = `day:${new Date().toISOString().slice(0, 10)}`
  const { out } = await onset('llm', 'budgets', 'set', scope, '--limit', '0.25', '--calls', '7')

  expect(out).toContain(scope)
  expect(out).toContain('$0.25')
  expect((await onset('llm', 'budgets', 'remove', scope)).exitCode).toBe(0)
})

test('calls are listed and summed up with what they cost', async () => {
  await spend()
  const listed = await onset('llm', 'ledger', '--trigger', 'newIssues', '--from', '2026-01-01')
  const summed = await onset('llm', 'spend', '--by', 'trigger')
  const before = await onset('llm', 'ledger', '--to', '2020-01-01')

  expect(listed.out).toMatch(/triageIssue:github:1 +triage 1\/1 .* 100 \+ 5 +\$0\.0025/)
  expect(summed.out).toMatch(/newIssues +\$0\.0025 +1 +100 +5\ntotal +\$0\.0025/)
  expect(before.error).toBe('There are no such calls.\n')
})

test('a price is shown, set in dollars per million tokens, and removed', async () => {
  const known = await onset('llm', 'prices', 'gpt-5.4-mini')
  const argv = ['--provider', 'house', '--input', '0.1', '--output', '2.5', '--tiers', 'flex=0.5']
  const set = await onset('llm', 'prices', 'set', 'own-*', ...argv, '--json')
  const shown = await onset('llm', 'prices', 'own-1', '--provider', 'house')
  const removed = await onset('llm', 'prices', 'remove', 'own-*', '--provider', 'house')
  const unknown = await onset('llm', 'prices', 'own-1', '--provider', 'house')

  expect(known.out).toMatch(/input +\$0\.75\n.* +\$0\.075\n/)
  expect(JSON.parse(set.out)).toMatchObject({
    overrides: [{ model: 'own-*', inputMicros: 100_000, multipliers: { flex: 0.5 } }],
  })
  expect(shown.out).toMatch(/house own-\* +\$0\.10 +\$2\.50 +flex=0\.5 +ada/)
  expect(removed.exitCode).toBe(0)
  expect(unknown.error).toContain('No price is known')
})

test.each([
  [['budgets', 'set', 'day', '--limit', '5e3'], "as --limit, received '5e3'."],
  [['budgets', 'set', 'day'], 'Expected at least one limit.'],
  [['budgets', 'set'], 'Usage: npx onset llm budgets'],
  [['budgets', 'raise', 'day'], 'Usage: npx onset llm budgets'],
  [['ledger', '--from', 'yesterday'], "as --from, received 'yesterday'."],
  [['prices', 'set'], 'Name the model whose price to set.'],
  [
    ['prices', 'set', 'one', '--input', '1'],
    'Expected the prices of input and output, or neither.',
  ],
  [['prices', 'set', 'one', '--tiers', 'flex'], "as --tiers, received 'flex'."],
  [['spend', '--by', 'moon'], '(invalid_request)'],
])('llm %j says what was expected', async (argv, message) => {
  const { exitCode, error } = await onset('llm', ...argv)

  expect(exitCode).not.toBe(0)
  expect(error).toContain(message)
})
