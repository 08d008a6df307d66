import { expect, test } from 'vitest'
import { standardWebhooks } from '../../../../src/triggers/webhook/presets/standard.ts'

const preset = standardWebhooks('SECRET')
const key = Buffer.from('a key of more than sixteen bytes')
const nowMs = 1_770_000_000_000
const body = Buffer.from('{"type":"review.submitted"}')
const headers = preset.sign(body, key, { key: 'msg_1', type: 'review.submitted', nowMs })
const signature = headers['webhook-signature'] ?? ''

const verify = (changed: Record<string, string>, at = nowMs): boolean =>
  preset.verify({ headers: { ...headers, ...changed }, body }, [key], at)

test('what it signs it verifies', () => {
  expect(verify({})).toBe(true)
})

test('the example of the specification holds', () => {
  const example = preset.keyOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
  const payload = Buffer.from('{"test": 2432232314}')
  const request = {
    headers: {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
    body: payload,
  }

  expect(
    typeof example === 'string' ? example : preset.verify(request, [example], 1_614_265_330_000),
  ).toBe(true)
})

test.each([
  ['no signature', { 'webhook-signature': '' }],
  ['another version alone', { 'webhook-signature': signature.replace('v1,', 'v2,') }],
  ['no version', { 'webhook-signature': signature.replace('v1,', '') }],
  ['a header that was sent twice', { 'webhook-signature': `${signature}, ${signature}` }],
  [
    'more signatures than anybody sends',
    { 'webhook-signature': `${signature} `.repeat(11).trim() },
  ],
  ['another id', { 'webhook-id': 'msg_2' }],
  ['no id', { 'webhook-id': '' }],
  ['another time', { 'webhook-timestamp': String(nowMs / 1000 + 1) }],
  ['a time that is none', { 'webhook-timestamp': `${nowMs / 1000}junk` }],
])('%s is refused', (_, changed) => {
  expect(verify(changed)).toBe(false)
})

test('one good signature among others is enough', () => {
  expect(verify({ 'webhook-signature': `v1a,abc v1,${'A'.repeat(43)}= ${signature}` })).toBe(true)
})

test('a request is good for 300 s before and after its time', () => {
  expect([-301, -300, 300, 301].map((seconds) => verify({}, nowMs + seconds * 1000))).toEqual([
    false,
    true,
    true,
    false,
  ])
})

test.each([
  ['', 'is shorter'],
  ['whsec_', 'is no base64'],
  ['whsec_!!!', 'is no base64'],
  ['whsec_c2hvcnQ=', 'is shorter'],
])('the secret %j is refused at start', (secret, reason) => {
  expect(preset.keyOf(secret)).toEqual(
    expect.stringContaining(secret === '' ? 'is no base64' : reason),
  )
})
