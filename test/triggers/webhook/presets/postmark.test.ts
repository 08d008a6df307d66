import { expect, test } from 'vitest'
import { postmark } from '../../../../src/triggers/webhook/presets/postmark.ts'
import { composed, eventsOf, judge, judgeChanged, keyOf, read } from './composed.ts'

const preset = postmark('POSTMARK_CREDENTIALS', { addresses: 'POSTMARK_ADDRESSES' })
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

test("a mail is an event under Postmark's id for its recipient", async () => {
  const reading = await read(preset, composed(preset, { id: 'b7bc2f4a' }))

  expect(eventsOf(reading)).toEqual([
    {
      key: 'b7bc2f4a',
      type: 'inbound.email',
      subject: 'support@inbound.example.net',
      time: 'Fri, 24 Apr 2026 10:13:20 +0000',
      data: undefined,
    },
  ])
})

test('only listed addresses may send', () => {
  expect(preset.addressesVariable).toBe('POSTMARK_ADDRESSES')
})

test('a password without its user is refused at start', () => {
  expect(preset.secret.keyOf('a-password-that-is-long-enough')).toBe('is no user:password')
})

test.each([
  ['no credentials', ''],
  ['another password', basic('postmark:wrong')],
  ['no password', basic('postmark')],
  ['another scheme', 'Bearer postmark'],
  ['no base64', 'Basic !!!'],
  ['credentials that were sent twice', `${basic('a:b')}, ${basic('a:b')}`],
])('%s: refused', async (_, authorization) => {
  const judged = await judgeChanged(preset, composed(preset), { headers: { authorization } })

  expect(judged.verified).toBe(false)
})

test('each of two passwords counts, and the reason names neither', async () => {
  const { request, keys } = composed(preset)
  const other = keyOf(preset, 'postmark:another password')

  const judged = await judge(preset, { request, keys: [other, ...keys] })
  const refused = await judge(preset, { request, keys: [other, other] })

  expect(judged).toMatchObject({ verified: true, verification: { key: 2 } })
  expect(refused).toMatchObject({
    step: 'credentials',
    reason: 'The user and password is none of the 2 configured ones.',
  })
})
