import { expect, test } from 'vitest'
import { onset, openCommandLine } from './open-command-line.ts'

const { url, deliveries, onset: command, request } = await openCommandLine()

test('a sample is signed and delivered', async () => {
  const outcome = await command('send', 'github', 'issues.opened', '--id', 'd-1')

  expect(outcome).toEqual({ exitCode: 0, out: 'accepted evt_d-1\n', error: '' })
  expect(deliveries.at(-1)).toEqual({ body: { issue: { number: 7 } }, signature: 'hush 22' })
})

test('one delivery is one object in JSON, several are a list', async () => {
  const one = await command('send', 'github', 'issues.opened', '--id', 'd-2', '--json')
  const argv = ['send', 'github', 'issues.opened', '--id', 'd-3', '--count', '40', '--json']
  const several = await command(...argv)

  expect(JSON.parse(one.out)).toEqual({ id: 'evt_d-2', status: 'accepted' })
  expect(JSON.parse(several.out)).toEqual(
    Array.from({ length: 40 }, (_, index) => ({ id: `evt_d-3-${index + 1}`, status: 'accepted' })),
  )
})

test('an internal event goes through the API', async () => {
  const argv = ['send', 'internal', 'review.submitted', '--id', 'r-1', '--json']
  const first: unknown = JSON.parse((await command(...argv)).out)
  const second: unknown = JSON.parse((await command(...argv)).out)

  expect(first).toMatchObject({ status: 'accepted' })
  expect(second).toMatchObject({ ...Object(first), status: 'duplicate' })
})

test('a secret that nobody knows is named', async () => {
  const { exitCode, error } = await command('send', 'crm', 'created')

  expect(exitCode).toBe(1)
  expect(error).toContain('Set CRM_SECRET')
})

test('what the server refuses is said with its code', async () => {
  const argv = ['send', 'internal', 'review.submitted']

  expect(await onset({ url, token: null }, argv)).toEqual({
    exitCode: 1,
    out: '',
    error: 'Expected the header Authorization: Bearer <token>. (unauthorized)\n',
  })
  expect((await request('/api/runs')).status).toBe(200)
})
