import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { standardWebhooks } from '../../../../src/triggers/webhook/presets/standard-webhooks.ts'
import { composed, eventsOf, judge, judgeChanged, keyOf, now, read } from './composed.ts'

const preset = standardWebhooks('SECRET')
const good = composed(preset)
const vendor = new Webhook(good.secret)
const seconds = String(now.getTime() / 1_000)
const PUBLIC = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4='
const PRIVATE =
  'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=='

function signedByVendor(body: string, id = 'msg_1') {
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': seconds,
    'webhook-signature': vendor.sign(id, now, body),
  }
  return { ...good, request: { ...good.request, headers, body: Buffer.from(body) } }
}

test('what the standard’s own library signs is verified, and the other way round', async () => {
  const body = Buffer.from(good.request.body)
  const recent = composed(preset, { now: new Date(), secret: good.secret })

  await expect(judge(preset, signedByVendor('{"type":"a.b"}'))).resolves.toMatchObject({
    verified: true,
  })
  expect(vendor.sign('sample-1', now, body)).toBe(good.request.headers['webhook-signature'])
  expect(
    vendor.verify(Buffer.from(recent.request.body).toString(), recent.request.headers),
  ).toMatchObject({ type: 'contact.created' })
})

test('junk behind the time is refused, though the library lets it through', async () => {
  const at = Math.floor(Date.now() / 1_000)
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': `${at}junk`,
    'webhook-signature': vendor.sign('msg_1', new Date(at * 1_000), '{}'),
  }

  const judged = await judgeChanged(
    preset,
    { ...good, request: { ...good.request, body: Buffer.from('{}') } },
    { headers },
  )

  expect(judged).toMatchObject({ verified: false, step: 'time' })
})

test('one good signature among others is enough', async () => {
  const signature = good.request.headers['webhook-signature']
  const others = `v1a,abc v1,${'A'.repeat(43)}= v2,x`

  const judged = await judgeChanged(preset, good, {
    headers: { 'webhook-signature': `${others} ${signature}` },
  })

  expect(judged).toMatchObject({ verified: true })
})

test('an id with a full stop is refused: what is signed could be cut in two ways', async () => {
  const judged = await judge(preset, signedByVendor('{}', 'msg_1.1777000000'))

  expect(judged).toMatchObject({ verified: false, step: 'header' })
})

test('what a private key signed holds by its public key, and by no secret', async () => {
  const { request } = composed(preset, { secret: PRIVATE })

  const byKey = await judge(preset, { request, keys: [keyOf(preset, PUBLIC)] })
  const bySecret = await judge(preset, { request, keys: good.keys })

  expect(request.headers['webhook-signature']).toMatch(/^v1a,/)
  expect(byKey).toMatchObject({ verified: true, verification: { key: 1, keys: 1 } })
  expect(bySecret).toMatchObject({ verified: false, step: 'header' })
})

test('while one kind of key replaces the other, both hold, and which one did is told', async () => {
  const keys = [...good.keys, keyOf(preset, PUBLIC)]
  const asymmetric = composed(preset, { secret: PRIVATE })
  const both = {
    ...good.request.headers,
    'webhook-signature': `${asymmetric.request.headers['webhook-signature']} ${good.request.headers['webhook-signature']}`,
  }

  const judged = await Promise.all(
    [good.request, asymmetric.request, { ...good.request, headers: both }].map((request) =>
      judge(preset, { request, keys }),
    ),
  )

  expect(judged).toMatchObject([
    { verified: true, verification: { key: 1, keys: 2 } },
    { verified: true, verification: { key: 2, keys: 2 } },
    { verified: true, verification: { key: 1, keys: 2 } },
  ])
})

test('with both kinds of keys, what neither signed and what is old is refused', async () => {
  const keys = [...good.keys, keyOf(preset, PUBLIC)]
  const body = Buffer.from('{}')

  const changed = await judge(preset, { request: { ...good.request, body }, keys })
  const old = await judge(preset, { request: good.request, keys }, now.getTime() + 301_000)

  expect(changed).toMatchObject({ verified: false, step: 'signature' })
  expect(old).toMatchObject({ verified: false, step: 'time' })
})

test.each([
  ['', 'is no base64'],
  ['whsec_', 'is no base64'],
  ['whsec_!!!', 'is no base64'],
  ['whpk_', 'is no base64 of 32 bytes'],
  ['whpk_c2hvcnQ=', 'is no base64 of 32 bytes'],
  [PRIVATE, 'is a private key'],
])('the secret %j is refused at start', (secret, reason) => {
  expect(preset.secret.keyOf(secret)).toEqual(expect.stringContaining(reason))
})

test('the window is an option', async () => {
  const strict = standardWebhooks('SECRET', { toleranceSeconds: 10 })

  const judged = await Promise.all(
    [-11_000, -10_000, 10_000, 11_000].map((off) => judge(strict, good, now.getTime() + off)),
  )

  expect(judged.map(({ verified }) => verified)).toEqual([false, true, true, false])
})

test('id, type, subject and time are read', async () => {
  const body = '{"type":"a.b","subject":"s","timestamp":"2026-04-01T00:00:00Z"}'

  expect(eventsOf(await read(preset, signedByVendor(body)))).toEqual([
    { key: 'msg_1', type: 'a.b', subject: 's', time: '2026-04-01T00:00:00Z' },
  ])
})
