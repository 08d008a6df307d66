import { expect, test } from 'vitest'
import type { DescribedVariable } from '../../src/cli/command.ts'
import { onset } from './open-command-line.ts'

const variable = (name: string, others: Partial<DescribedVariable> = {}): DescribedVariable => ({
  name,
  value: null,
  default: null,
  secret: false,
  description: `what ${name} means`,
  fault: null,
  ...others,
})
const variables = [
  variable('PORT', { default: '3000' }),
  variable('API_TOKEN', { value: 'hush', secret: true, requiredBy: 'serve' }),
  variable('DATABASE_URL'),
]
const check = { name: 'postgres', ok: true, detail: '18.4' }

const doctor = (argv: string[], described = variables, checks = [check]) =>
  onset({}, ['doctor', ...argv], {
    describeConfig: () => described,
    checks: () => Promise.resolve(checks),
  })

test('every variable is shown as it stands, secrets only as set', async () => {
  const { exitCode, out } = await doctor([])

  expect(exitCode).toBe(0)
  expect(out).toMatch(/PORT +3000 \(default\) +what PORT means/)
  expect(out).toMatch(/API_TOKEN +\*{8} +serve +what API_TOKEN means/)
  expect(out).toMatch(/DATABASE_URL +\(not set\)/)
  expect(out).toMatch(/postgres +ok +18\.4/)
  expect(out).not.toContain('hush')
})

test('the same in JSON hides secrets too', async () => {
  const { out } = await doctor(['--json'])

  expect(JSON.parse(out)).toMatchObject({
    variables: [
      { name: 'PORT' },
      { name: 'API_TOKEN', value: '********' },
      { name: 'DATABASE_URL' },
    ],
    checks: [check],
  })
  expect(out).not.toContain('hush')
})

test('a fault or a failed check is a failure', async () => {
  const faulty = [variable('PORT', { value: 'x', fault: 'Expected a number' })]
  const withFault = await doctor([], faulty)
  const withoutPostgres = await doctor([], variables, [{ ...check, ok: false, detail: 'refused' }])

  expect(withFault).toMatchObject({
    exitCode: 1,
    out: expect.stringContaining('Expected a number'),
  })
  expect(withoutPostgres).toMatchObject({
    exitCode: 1,
    out: expect.stringMatching(/FAILED +refused/),
  })
})
