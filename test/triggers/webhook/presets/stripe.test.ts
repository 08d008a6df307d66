import { Stripe } from 'stripe'
import { expect, test } from 'vitest'
import { stripe } from '../../../../src/triggers/webhook/presets/stripe.ts'
import { composed, eventsOf, judge, judgeChanged, now, read, readBody } from './composed.ts'

const preset = stripe('STRIPE_WEBHOOK_SECRET')
const { webhooks } = new Stripe('sk_test_0')
const secret = 'whsec_verbatim_and_not_decoded'
const good = composed(preset, { secret })
const keys = [preset.secret.keyOf(secret)].filter((key) => typeof key !== 'string')

const headerOf = (text: string, timestamp: number): string =>
  webhooks.generateTestHeaderString({ payload: text, secret, timestamp })

test('what Stripe’s library signs is verified, and the other way round', async () => {
  const body = '{"id":"evt_1","type":"charge.dispute.created"}'
  const headers = { 'stripe-signature': headerOf(body, now.getTime() / 1_000) }
  const theirs = { ...good.request, headers, body: Buffer.from(body) }
  const { request } = composed(preset, { secret, now: new Date() })

  await expect(judge(preset, { request: theirs, keys })).resolves.toMatchObject({ verified: true })
  expect(
    webhooks.constructEvent(
      Buffer.from(request.body),
      request.headers['stripe-signature'] ?? '',
      secret,
    ).type,
  ).toBe('charge.dispute.created')
})

test('a signature of tomorrow is refused, though the library takes it', async () => {
  const tomorrow = Math.floor(Date.now() / 1_000) + 86_400
  const header = headerOf('{"id":"evt_1"}', tomorrow)
  const request = {
    ...good.request,
    headers: { 'stripe-signature': header },
    body: Buffer.from('{"id":"evt_1"}'),
  }

  expect(webhooks.constructEvent('{"id":"evt_1"}', header, secret)).toMatchObject({ id: 'evt_1' })
  await expect(judge(preset, { request, keys }, Date.now())).resolves.toMatchObject({
    verified: false,
    step: 'time',
  })
})

test.each([
  [
    'a second signature while a secret is rolled',
    (header: string) => header.replace(',v1', `,v1=${'0'.repeat(64)},v1`),
    true,
  ],
  ['a test signature besides', (header: string) => `${header},v0=${'0'.repeat(64)}`, true],
  ['a name that nobody knows', (header: string) => `${header},v7=x`, true],
  ['two times', (header: string) => `${header},t=1`, false],
  ['no time', (header: string) => header.replace(/^t=\d+,/, ''), false],
  [
    'a time of its own behind the signature',
    (header: string) => header.replace(/^t=(\d+),(.*)$/, '$2,t=$1'),
    true,
  ],
])('%s: %#', async (_, change, verified) => {
  const header = change(good.request.headers['stripe-signature'] ?? '')

  const judged = await judgeChanged(
    preset,
    { ...good, keys },
    { headers: { 'stripe-signature': header } },
  )

  expect(judged.verified).toBe(verified)
})

test('the body says what and when; a thin event names its object', async () => {
  const thin = {
    id: 'evt_2',
    object: 'v2.core.event',
    type: 'v1.a.b',
    created: '2026-05-01T10:00:00.000Z',
    related_object: { id: 'mtr_1' },
  }

  expect(eventsOf(await read(preset, { ...good, keys }))).toEqual([
    {
      key: 'sample-1',
      type: 'charge.dispute.created',
      subject: 'dp_1MtJUT2eZvKYlo2CNaw2HvEv',
      time: '2026-04-24T03:06:40.000Z',
    },
  ])
  expect(eventsOf(await readBody(preset, JSON.stringify(thin)))).toEqual([
    { key: 'evt_2', type: 'v1.a.b', subject: 'mtr_1', time: '2026-05-01T10:00:00.000Z' },
  ])
})

test.each(['[]', 'null', '7', '{"id":7,"type":{},"created":1e300}', ''])(
  'the body %j is read without a word',
  async (body) => {
    expect(eventsOf(await readBody(preset, body))).toMatchObject([{ type: 'unknown' }])
  },
)

test('ids are remembered for as long as Stripe may send them again', () => {
  expect([preset.remembersDays, preset.volatile]).toEqual([30, ['pending_webhooks']])
})
