import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Preset } from '../../../../src/triggers/webhook/preset.ts'
import * as presets from '../../../../src/triggers/webhook/presets/index.ts'
import { composed, eventsOf, judge, keyOf, now, read } from './composed.ts'

const secret = 'whsec_a secret, verbatim'
const body = Buffer.from(
  '{"type":"order.created","trigger":"incident.opened","event":"e","id":"x"}',
)
const seconds = now.getTime() / 1_000

const mac = (text: string, encoding: 'hex' | 'base64'): string =>
  createHmac('sha256', secret).update(text).update(body).digest(encoding)

function requestOf(preset: Preset, headers: Record<string, string>) {
  const all = { 'content-type': 'application/json', ...headers }
  const request = {
    method: 'POST',
    url: '',
    headers: all,
    body,
    address: undefined,
    proxied: false,
  }
  return { request, keys: [keyOf(preset, secret)], secret }
}

const zeros = '0'.repeat(64)
const wrong = Buffer.alloc(32).toString('base64')
const convoy = presets.convoy('SECRET')
const hookdeck = presets.hookdeck('SECRET')
const latitude = presets.latitude('SECRET')
const outpost = presets.outpost('SECRET')
const shopify = presets.shopify('SECRET')

test.each([
  ['convoy', convoy, { 'x-convoy-signature': mac('', 'hex') }, true],
  [
    'convoy, timed',
    convoy,
    { 'x-convoy-signature': `t=${seconds},v1=${mac(`${seconds},`, 'hex')}` },
    true,
  ],
  [
    'convoy, two secrets',
    convoy,
    { 'x-convoy-signature': `t=${seconds},v1=${zeros},v1=${mac(`${seconds},`, 'hex')}` },
    true,
  ],
  [
    'convoy, an old time',
    convoy,
    { 'x-convoy-signature': `t=${seconds - 301},v1=${mac(`${seconds - 301},`, 'hex')}` },
    false,
  ],
  [
    'convoy, a time that is not signed',
    convoy,
    { 'x-convoy-signature': `t=${seconds},v1=${mac('', 'hex')}` },
    false,
  ],
  [
    'convoy, a full stop',
    convoy,
    { 'x-convoy-signature': `t=${seconds},v1=${mac(`${seconds}.`, 'hex')}` },
    false,
  ],
  ['hookdeck', hookdeck, { 'x-hookdeck-signature': mac('', 'base64') }, true],
  [
    'hookdeck, rotated',
    hookdeck,
    { 'x-hookdeck-signature': wrong, 'x-hookdeck-signature-2': mac('', 'base64') },
    true,
  ],
  [
    'hookdeck, neither',
    hookdeck,
    { 'x-hookdeck-signature': wrong, 'x-hookdeck-signature-2': wrong },
    false,
  ],
  ['hookdeck, its word alone', hookdeck, { 'x-hookdeck-verified': 'true' }, false],
  ['hookdeck, hex', hookdeck, { 'x-hookdeck-signature': mac('', 'hex') }, false],
  ['outpost', outpost, { 'x-outpost-signature': `v0=${mac('', 'hex')}` }, true],
  [
    'outpost, two secrets',
    outpost,
    { 'x-outpost-signature': `v0=${zeros},${mac('', 'hex')}` },
    true,
  ],
  [
    'outpost, eleven',
    outpost,
    { 'x-outpost-signature': `v0=${`${zeros},`.repeat(10)}${mac('', 'hex')}` },
    false,
  ],
  ['outpost, bare', outpost, { 'x-outpost-signature': mac('', 'hex') }, false],
  [
    'latitude',
    latitude,
    { 'x-latitude-signature': `sha256=${mac('', 'hex')}`, 'x-latitude-delivery': 'd' },
    true,
  ],
  [
    'latitude, no delivery',
    latitude,
    { 'x-latitude-signature': `sha256=${mac('', 'hex')}` },
    false,
  ],
  ['latitude, older', latitude, { 'x-latitude-signature': mac('', 'hex') }, true],
  ['latitude, oldest', latitude, { 'x-webhook-signature': mac('', 'hex') }, true],
  [
    'latitude, oldest with a prefix',
    latitude,
    { 'x-webhook-signature': `sha256=${mac('', 'hex')}` },
    false,
  ],
  ['shopify', shopify, { 'x-shopify-hmac-sha256': mac('', 'base64') }, true],
  ['shopify, newer', shopify, { 'shopify-hmac-sha256': mac('', 'base64') }, true],
  [
    'shopify, both',
    shopify,
    { 'shopify-hmac-sha256': mac('', 'base64'), 'x-shopify-hmac-sha256': mac('', 'base64') },
    false,
  ],
  ['shopify, hex', shopify, { 'x-shopify-hmac-sha256': mac('', 'hex') }, false],
])('%s: %#', async (_, preset, headers, verified) => {
  const judged = await judge(preset, requestOf(preset, headers))

  expect(judged.verified).toBe(verified)
})

test('what Convoy signed with a time does not hold for ever as a body without one', async () => {
  const { request, ...sent } = requestOf(convoy, {
    'x-convoy-signature': mac(`${seconds},`, 'hex'),
  })
  const timed = Buffer.concat([Buffer.from(`${seconds},`), body])

  const judged = await judge(convoy, { ...sent, request: { ...request, body: timed } })

  expect(judged).toMatchObject({ verified: false, step: 'body' })
})

test.each([
  [
    'convoy',
    convoy,
    { 'x-convoy-signature': mac('', 'hex'), 'x-convoy-idempotency-key': 'k' },
    { key: 'k', type: 'e' },
  ],
  [
    'hookdeck',
    hookdeck,
    { 'x-hookdeck-signature': mac('', 'base64'), 'x-hookdeck-eventid': 'k' },
    { key: 'k', type: 'order.created' },
  ],
  [
    'outpost',
    outpost,
    {
      'x-outpost-signature': `v0=${mac('', 'hex')}`,
      'x-outpost-event-id': 'k',
      'x-outpost-topic': 'user.created',
    },
    { key: 'k', type: 'user.created' },
  ],
  [
    'latitude',
    latitude,
    { 'x-latitude-signature': `sha256=${mac('', 'hex')}`, 'x-latitude-delivery': 'k' },
    { key: 'k', type: 'incident.opened' },
  ],
  [
    'shopify',
    shopify,
    {
      'x-shopify-hmac-sha256': mac('', 'base64'),
      'x-shopify-topic': 'orders/create',
      'x-shopify-webhook-id': 'k',
      'x-shopify-event-id': 'e',
    },
    { key: 'k', type: 'orders/create' },
  ],
  [
    'shopify, newer',
    shopify,
    {
      'shopify-hmac-sha256': mac('', 'base64'),
      'shopify-topic': 'orders/create',
      'shopify-event-id': 'e',
    },
    { key: 'e', type: 'orders/create' },
  ],
])('%s names its event', async (_, preset, headers, facts) => {
  expect(eventsOf(await read(preset, requestOf(preset, headers)))).toMatchObject([facts])
  expect(preset.keyIsUnsigned).toBe(true)
})

test('Latitude is told which event it became, and where to look at it', async () => {
  const judged = await judge(latitude, composed(latitude))
  if (!judged.verified) throw new Error(judged.reason)
  const accepted = [{ id: 'evt_1', status: 'accepted' as const }]

  const answer = latitude.answer?.(accepted, {
    publicUrl: 'https://onset.example.com',
    request: judged.request,
  })

  expect(answer?.status).toBe(200)
  expect(JSON.parse(answer?.body ?? '')).toEqual({
    externalAgentId: 'onset',
    externalRunId: 'evt_1',
    deepLinkUrl: 'https://onset.example.com/api/events/evt_1',
  })
})

test('Outpost in its mode `standard` sends Standard Webhooks, whose ids are signed', async () => {
  const preset = presets.outpost('SECRET', { mode: 'standard' })
  const sample = composed(preset)

  await expect(judge(preset, sample)).resolves.toMatchObject({ verified: true })
  expect(sample.request.headers['webhook-signature']).toMatch(/^v1,/)
  expect(preset.keyIsUnsigned).toBeUndefined()
})
