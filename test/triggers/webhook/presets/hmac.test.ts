import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { hmac, type HmacOptions } from '../../../../src/triggers/webhook/presets/hmac.ts'
import { composed, eventsOf, judge, judgeChanged, keyOf, now, read } from './composed.ts'

const secret = 'a secret of a sender'
const body = '{"type":"t","subject":"s","data":{"id":7,"kind":"k"},"time":"2026-05-01T00:00:00Z"}'
const seconds = String(now.getTime() / 1_000)
const mac = (text: string, encoding: 'hex' | 'base64' = 'hex', algorithm = 'sha256'): string =>
  createHmac(algorithm, secret).update(text).digest(encoding)

function requestOf(options: HmacOptions, headers: Record<string, string>) {
  const preset = hmac('SECRET', options)
  const all = { 'content-type': 'application/json', ...headers }
  const url = 'https://h.example/x?y=1'
  const request = {
    method: 'POST',
    url,
    headers: all,
    body: Buffer.from(body),
    address: undefined,
    proxied: false,
  }
  return { preset, request, keys: [keyOf(preset, secret)], secret }
}

const timed = { header: 'X-Time' }

test.each<[string, HmacOptions, Record<string, string>, boolean]>([
  ['as most do', {}, { 'x-signature-256': `sha256=${mac(body)}` }, true],
  ['no prefix given', {}, { 'x-signature-256': mac(body) }, false],
  ['no prefix expected', { prefix: '' }, { 'x-signature-256': mac(body) }, true],
  ['base64', { prefix: '', encoding: 'base64' }, { 'x-signature-256': mac(body, 'base64') }, true],
  [
    'another algorithm',
    { algorithm: 'sha512', header: 'X-Sig' },
    { 'x-sig': `sha512=${mac(body, 'hex', 'sha512')}` },
    true,
  ],
  [
    'the weaker algorithm',
    { algorithm: 'sha512', prefix: '' },
    { 'x-signature-256': mac(body) },
    false,
  ],
  [
    'a time',
    { time: timed, signed: '{time}.{body}' },
    { 'x-time': seconds, 'x-signature-256': `sha256=${mac(`${seconds}.${body}`)}` },
    true,
  ],
  [
    'no time',
    { time: timed, signed: '{time}.{body}' },
    { 'x-signature-256': `sha256=${mac(`.${body}`)}` },
    false,
  ],
  [
    'an old time',
    { time: { ...timed, toleranceSeconds: 1 }, signed: '{time}.{body}' },
    { 'x-time': '1777636798', 'x-signature-256': `sha256=${mac(`1777636798.${body}`)}` },
    false,
  ],
  [
    'method, URL and a header',
    { signed: '{method}|{url}|{header:x-id}|{body}' },
    { 'x-id': '7', 'x-signature-256': `sha256=${mac(`POST|https://h.example/x?y=1|7|${body}`)}` },
    true,
  ],
  [
    'a signed header that is missing',
    { signed: '{header:x-id}{body}' },
    { 'x-signature-256': `sha256=${mac(body)}` },
    false,
  ],
])('%s: %#', async (_, options, headers, verified) => {
  const { preset, ...request } = requestOf(options, headers)

  const judged = await judge(preset, request)

  expect(judged.verified).toBe(verified)
})

const signature = { 'x-signature-256': `sha256=${mac(body)}` }

test.each<[HmacOptions, Record<string, string>, object]>([
  [{}, {}, { key: undefined, type: 't', subject: 's', time: '2026-05-01T00:00:00Z' }],
  [{ id: { path: 'data.id' }, type: { path: 'data.kind' } }, {}, { key: '7', type: 'k' }],
  [
    { id: { header: 'X-Id' }, type: { header: 'X-Type' } },
    { 'x-id': 'i', 'x-type': 'h' },
    { key: 'i', type: 'h' },
  ],
  [
    { id: { path: 'nothing.here' }, type: { path: '__proto__.x' } },
    {},
    { key: undefined, type: 'unknown' },
  ],
])('with %j the event is found', async (options, headers, facts) => {
  const { preset, ...request } = requestOf(options, { ...signature, ...headers })

  expect(eventsOf(await read(preset, request))).toMatchObject([facts])
})

test('an id in a header counts as signed only where it is', () => {
  const id = { header: 'X-Id' }

  expect(hmac('S', { id }).keyIsUnsigned).toBe(true)
  expect(hmac('S', { id, signed: '{header:x-id}.{body}' }).keyIsUnsigned).toBeUndefined()
  expect(hmac('S', { id: { path: 'id' } }).keyIsUnsigned).toBeUndefined()
})

test.each<HmacOptions>([
  { signed: '{time}.{body}' },
  { time: { header: 'x-time' } },
  { signed: '{secret}{body}' },
  { signed: '{body' },
  { signed: '{time}', time: { header: 'x-time' } },
  { signed: '{header:x-id}' },
])('%j is refused where it stands', (options) => {
  expect(() => hmac('SECRET', options)).toThrow(/^Expected/)
})

test('what it signs it verifies, in any form', async () => {
  const options: HmacOptions = {
    header: 'X-Sig',
    prefix: 'v1:',
    encoding: 'base64',
    algorithm: 'sha384',
    signed: '{time}/{header:x-id}/{body}',
    time: { header: 'X-At', unit: 'ms' },
    id: { header: 'X-Id' },
  }
  const preset = hmac('SECRET', options)
  const sample = composed(preset)

  await expect(judge(preset, sample)).resolves.toMatchObject({ verified: true })
  await expect(
    judgeChanged(preset, sample, { headers: { 'x-id': 'other' } }),
  ).resolves.toMatchObject({ verified: false, step: 'signature' })
})
