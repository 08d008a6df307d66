import { expect, test } from 'vitest'
import * as presets from '../../../src/triggers/webhook/presets/index.ts'
import { composed, judge } from './presets/composed.ts'
import { areOne, received } from './received.ts'

const attributes = (changes: Record<string, string> = {}): Record<string, string> => ({
  'ce-specversion': '1.0',
  'ce-id': '1',
  'ce-source': '/tool',
  'ce-type': 'review.closed',
  ...changes,
})

test.each([
  ['basic', presets.basic('SECRET')],
  ['bearer', presets.bearer('SECRET')],
  ['client-certificate', presets.clientCertificate('SECRET', { header: 'x-certificate' })],
])('by %s, CloudEvents of one body under two ids are two events', async (_, preset) => {
  const sent = composed(preset)

  const one = await received(preset, sent, { headers: attributes() })
  const other = await received(preset, sent, { headers: attributes({ 'ce-id': '2' }) })
  const again = await received(preset, sent, { headers: attributes() })

  expect(one).toMatchObject({ key: '/tool 1', type: 'review.closed' })
  expect([areOne(one, other), areOne(one, again)]).toEqual([false, true])
})

test.each([
  ['hmac', presets.hmac('SECRET', { id: { path: 'id' } }), 'sample-1'],
  ['hmac by a header', presets.hmac('SECRET', { id: { header: 'x-id' } }), 'sample-1'],
  ['standard-webhooks', presets.standardWebhooks('SECRET'), 'sample-1'],
])('headers that %s does not sign name no event', async (_, preset, key) => {
  const sent = composed(preset)

  const plain = await received(preset, sent)
  const replayed = await received(preset, sent, { headers: attributes({ 'ce-id': 'another' }) })

  expect(replayed).toMatchObject({ key, type: plain.type })
  expect(areOne(plain, replayed)).toBe(true)
})

test('a CloudEvent whose headers are signed has its own key, and no others count', async () => {
  const preset = presets.hmac('SECRET', {
    signed: '{header:ce-id}.{header:ce-source}.{header:ce-type}.{body}',
  })
  const { request, keys, secret } = composed(preset)
  // What is signed, written down once more.
  const signer = presets.hmac('SECRET', { signed: '1./tool.review.closed.{body}' })
  const signed = composed(signer, { secret }).request.headers
  const headers = { ...request.headers, ...attributes(), ...signed, 'ce-subject': 'forged' }
  const sent = { keys, request: { ...request, headers } }

  const event = await received(preset, sent)
  const changed = await judge(preset, {
    ...sent,
    request: { ...request, headers: { ...headers, 'ce-id': '2' } },
  })

  expect(event).toMatchObject({ key: '/tool 1', type: 'review.closed' })
  expect(event.subject).toBeUndefined()
  expect(changed.verified).toBe(false)
})
