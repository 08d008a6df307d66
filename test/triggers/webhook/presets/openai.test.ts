import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { openai } from '../../../../src/triggers/webhook/presets/openai.ts'
import { composed, eventsOf, judgeChanged, read } from './composed.ts'

const preset = openai('SECRET')
const client = new OpenAI({ apiKey: 'for tests only' })
const recent = { now: new Date() }

test.each(['a secret of raw characters', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])(
  'what is signed with %j holds for OpenAI’s library too',
  async (secret) => {
    const { request } = composed(preset, { ...recent, secret })
    const text = Buffer.from(request.body).toString()

    const event = await client.webhooks.unwrap(text, request.headers, secret)

    expect(event.type).toBe('response.completed')
  },
)

test('a bare signature and junk behind the time are refused, though the library lets both through', async () => {
  const good = composed(preset, recent)
  const { headers, body } = good.request
  const bare = { 'webhook-signature': headers['webhook-signature']?.slice('v1,'.length) ?? '' }
  const theirs = client.webhooks.verifySignature(
    Buffer.from(body).toString(),
    { ...headers, ...bare },
    good.secret,
  )

  await expect(theirs).resolves.toBeUndefined()
  await expect(
    judgeChanged(preset, good, { headers: { ...headers, ...bare } }),
  ).resolves.toMatchObject({ verified: false, step: 'header' })
})

test.each([
  ['', 'is empty'],
  ['whsec_', 'is no base64 behind whsec_'],
  ['whsec_?', 'is no base64 behind whsec_'],
  [`whpk_${'A'.repeat(43)}=`, 'is a key of a pair, whpk_ or whsk_, and no secret'],
])('the secret %j is refused', (secret, reason) => {
  expect(preset.secret.keyOf(secret)).toBe(reason)
})

test('the subject is the object that the run has to fetch', async () => {
  expect(eventsOf(await read(preset, composed(preset)))).toEqual([
    {
      key: 'sample-1',
      type: 'response.completed',
      subject: 'resp_67cb71b351908190a308f3859487620d06981a8637e6bc44',
      time: '2026-04-24T03:06:40.000Z',
    },
  ])
})
