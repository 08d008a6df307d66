import { expect, test } from 'vitest'
import { createListReject } from '../../src/inbox/rejects.ts'
import pino from 'pino'
import { until } from '../house.ts'
import { openCommandLine } from './open-command-line.ts'

const { onset, pool } = await openCommandLine()

test('nothing that was refused is said so', async () => {
  expect(await onset('rejects')).toEqual({ exitCode: 0, out: '', error: 'Nothing was refused.\n' })
})

test('what was refused is listed with its reason, the newest first', async () => {
  const listReject = createListReject({ pool, log: pino({ level: 'silent' }) })
  const common = { preset: 'github', method: 'POST', path: '/hooks/github', status: 401, size: 2 }
  listReject({
    ...common,
    source: 'github',
    address: '192.0.2.1',
    step: 'signature',
    reason: 'None of the 2 configured keys signed these bytes.',
    headers: () => ({ 'user-agent': 'a\u001b[2J' }),
  })
  listReject({
    ...common,
    source: null,
    path: '/hooks/gitlab\u001b[31m',
    address: '192.0.2.2',
    step: 'source',
    reason: 'No source has this endpoint.',
    headers: () => ({}),
  })
  const both = await until('both', async () => {
    const { out } = await onset('rejects', '--from', '2h')
    return out.split('\n').length === 4 && out
  })
  const one = await onset('rejects', '--address', '192.0.2.1', '--json')

  const [head, newest, oldest] = both.split('\n')
  expect(head).toMatch(/^ID +AT +SOURCE +PRESET +FROM +METHOD +STATUS +STEP +REASON +SIZE$/)
  expect(newest).toContain('/hooks/gitlab [31m')
  expect(oldest).toContain('None of the 2 configured keys signed these bytes.')
  expect(JSON.parse(one.out)).toMatchObject([{ source: 'github', step: 'signature' }])
})

test('one that was refused is shown with its headers', async () => {
  const listed = await onset('rejects', '--address', '192.0.2.1', '--json')
  const [{ id }] = JSON.parse(listed.out)

  const { exitCode, out } = await onset('rejects', id)
  const asJson = await onset('rejects', id, '--json')

  expect(exitCode).toBe(0)
  expect(out).toMatch(/^request +POST \/hooks\/github$/m)
  expect(out).toMatch(/^preset +github$/m)
  expect(out).toMatch(/^user-agent +a \[2J$/m)
  expect(JSON.parse(asJson.out)).toEqual(JSON.parse(listed.out)[0])
})

test('one that is not there is said so', async () => {
  expect(await onset('rejects', '999')).toMatchObject({ exitCode: 4, out: '' })
})

test.each([
  ['--from', '1m', 2],
  ['--since', '1m', 2],
  ['--to', '1m', 0],
])('%s %s leaves %i of those', async (flag, value, count) => {
  expect(JSON.parse((await onset('rejects', flag, value, '--json')).out)).toHaveLength(count)
})

test('a filter that the server does not know is named', async () => {
  const { exitCode, error } = await onset('rejects', '--status', 'gone')

  expect(exitCode).toBe(1)
  expect(error).toContain('status')
})
