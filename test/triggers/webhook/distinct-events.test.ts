import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { presetsByName } from '../../../src/triggers/webhook/presets/by-name.ts'
import * as presets from '../../../src/triggers/webhook/presets/index.ts'
import { composed, keyOf } from './presets/composed.ts'
import { areOne, received } from './received.ts'

const hmac = presets.hmac('SECRET', { id: { header: 'X-Id' }, type: { header: 'X-Type' } })

test.each([
  ['outpost', presets.outpost('SECRET'), 'x-outpost-topic', 'x-outpost-event-id'],
  ['shopify', presets.shopify('SECRET'), 'x-shopify-topic', 'x-shopify-webhook-id'],
  ['hmac', hmac, 'x-type', 'x-id'],
])(
  'equal bodies of %s under another type are two events, under another id alone they are one',
  async (_, preset, typeHeader, idHeader) => {
    const sent = composed(preset)

    const event = await received(preset, sent, { headers: { [typeHeader]: 'a', [idHeader]: '1' } })
    const other = await received(preset, sent, { headers: { [typeHeader]: 'b', [idHeader]: '2' } })
    const again = await received(preset, sent, { headers: { [typeHeader]: 'a', [idHeader]: '3' } })

    expect([areOne(event, other), areOne(event, again)]).toEqual([false, true])
  },
)

test('equal bodies of Hookdeck from two of its sources are two events', async () => {
  const preset = presets.hookdeck('SECRET')
  const sent = composed(preset, { data: { id: 1 } })
  const from = (source: string, id: string) =>
    received(preset, sent, {
      headers: { 'x-hookdeck-source-name': source, 'x-hookdeck-eventid': id },
    })

  const [shop, warehouse, again] = await Promise.all([
    from('shop', '1'),
    from('warehouse', '2'),
    from('shop', '3'),
  ])

  expect([areOne(shop, warehouse), areOne(shop, again)]).toEqual([false, true])
})

test.each(['basic', 'bearer', 'client-certificate'])(
  'where %s signs nothing, equal bodies under two keys are two events, and one key is one',
  async (name) => {
    const preset = presetsByName[name]?.('SECRET')
    if (preset === undefined) throw new Error(`Expected the preset ${name}.`)
    const sent = composed(preset)
    const under = (key: string) => received(preset, sent, { headers: { 'idempotency-key': key } })

    const [one, other, again] = await Promise.all([under('1'), under('2'), under('1')])

    expect([areOne(one, other), areOne(one, again)]).toEqual([false, true])
  },
)

test.each(Object.entries(presetsByName))(
  'a header of %s that is empty is no key and no type',
  async (_, make) => {
    const preset = make('SECRET')
    const { request, ...sent } = composed(preset)
    const names = Object.keys(request.headers).filter((name) =>
      /-(id|delivery|key|eventid|topic)$/.test(name),
    )
    const trusting = { ...preset, verify: () => ({ valid: true, key: 0 }) as const }
    const headers = {
      ...Object.fromEntries(names.map((name) => [name, ''])),
      'idempotency-key': '',
    }

    const event = await received(trusting, { ...sent, request }, { headers })

    expect(event.key).not.toBe('')
    expect(event.key).not.toBe('idempotency-key:')
    expect(event.type).not.toBe('')
  },
)

test('the key of a header that nobody signs never meets one of the provider', async () => {
  const preset = presets.stripe('SECRET')
  const sent = composed(preset, { data: { type: 'a' }, id: 'evt_1' })
  const trusting = { ...preset, verify: () => ({ valid: true, key: 0 }) as const }
  const headers = { 'idempotency-key': 'evt_1' }

  const own = await received(preset, sent)
  const given = await received(trusting, sent, { headers, body: Buffer.from('{"type":"a"}') })
  const broken = await received(trusting, sent, { headers, body: Buffer.from('{') })

  expect(own.key).toBe('evt_1')
  expect(given).toMatchObject({ key: 'idempotency-key:evt_1', digestIsKey: true })
  expect(broken.key).toMatch(/^[0-9a-f]{8}-/)
})

const dispatches = {
  repository_dispatch: { action: 'nightly', branch: 'main', client_payload: { env: 'all' } },
  workflow_dispatch: { inputs: null, ref: 'refs/heads/main', workflow: '.github/nightly.yml' },
}

test.each(Object.entries(dispatches))(
  'the same %s every night is an event every night',
  async (name, body) => {
    const preset = presets.github('SECRET')
    const { request, keys, secret } = composed(preset)
    const bytes = Buffer.from(JSON.stringify(body))
    const signature = `sha256=${createHmac('sha256', secret).update(bytes).digest('hex')}`
    const night = (delivery: string, event = name) =>
      received(
        preset,
        { request: { ...request, body: bytes }, keys },
        {
          headers: {
            'x-hub-signature-256': signature,
            'x-github-event': event,
            'x-github-delivery': delivery,
          },
        },
      )

    const [first, second, again] = await Promise.all([night('1'), night('2'), night('1')])
    const other = await night('3', 'star')

    expect([areOne(first, second), areOne(first, again)]).toEqual([false, true])
    expect(other.type).toBe('unknown')
  },
)

test('what is no dispatch cannot be sent again as one', async () => {
  const preset = presets.github('SECRET')
  const sent = composed(preset, { type: 'push', data: { starred_at: null } })
  const as = (event: string, delivery: string) =>
    received(preset, sent, { headers: { 'x-github-event': event, 'x-github-delivery': delivery } })

  const events = await Promise.all([as('workflow_dispatch', '1'), as('workflow_dispatch', '2')])

  expect(events).toMatchObject([
    { type: 'unknown', digestIsKey: true },
    { type: 'unknown', digestIsKey: true },
  ])
})

const element = { subscriptionId: 7, eventId: 1, subscriptionType: 'a', objectId: 5, occurredAt: 9 }

test.each([
  ['of another account', element, { ...element, portalId: 2 }, false],
  ['of another object', element, { ...element, objectId: 6 }, false],
  ['of another time', element, { ...element, occurredAt: 10 }, false],
  ['at another attempt', element, { ...element, attemptNumber: 1 }, true],
  ['of two enrolments', { objectId: 5 }, { objectId: 5 }, false],
  ['of one execution', { callbackId: 'ap-1' }, { callbackId: 'ap-1' }, true],
])('elements of HubSpot %s', async (_, one, other, expected) => {
  const preset = presets.hubspot('SECRET')
  const trusting = { ...preset, verify: () => ({ valid: true, key: 0 }) as const }
  const { request, secret } = composed(preset)
  const sent = { request, keys: [keyOf(preset, secret)] }

  const events = await Promise.all(
    [one, other].map((data) =>
      received(trusting, sent, { body: Buffer.from(JSON.stringify([data])) }),
    ),
  )

  const [first, second] = events
  if (first === undefined || second === undefined) throw new Error('Expected two events.')
  expect(areOne(first, second)).toBe(expected)
})
