import { expect, test } from 'vitest'
import { faultOf, secretsIn } from '../../../../src/triggers/webhook/secret.ts'
import * as presets from '../../../../src/triggers/webhook/presets/index.ts'
import { composed, judge, judgeChanged, keyOf } from './composed.ts'

const basic = presets.basic('CREDENTIALS')
const bearer = presets.bearer('TOKEN')
const encoded = (text: string): string => Buffer.from(text).toString('base64')
const pair = 'ada:a password: with colons'

test.each([
  [`Basic ${encoded(pair)}`, true],
  [`basic ${encoded(pair)}`, true],
  [`Basic ${encoded('ada:another password')}`, false],
  [`Basic ${encoded(`${pair} `)}`, false],
  [`Basic ${encoded(pair)}, Basic ${encoded(pair)}`, false],
  [`Basic  ${encoded(pair)}`, false],
  [`Basic ${encoded(pair).replace(/=*$/, '')}x!`, false],
  [`Bearer ${encoded(pair)}`, false],
  ['Basic', false],
  ['Basic ', false],
  ['', false],
])('the credentials %j: %s', async (authorization, verified) => {
  const { request } = composed(basic)

  const judged = await judge(basic, {
    request: { ...request, headers: { ...request.headers, authorization } },
    keys: [keyOf(basic, pair)],
  })

  expect(judged.verified).toBe(verified)
})

test.each([
  ['Bearer a token of a sender', false],
  ['Bearer a-token-of-a-sender', true],
  ['bearer a-token-of-a-sender', true],
  ['Bearer a-token-of-a-sende', false],
  ['a-token-of-a-sender', false],
  [`Basic ${encoded('a-token-of-a-sender')}`, false],
])('the token %j: %s', async (authorization, verified) => {
  const { request } = composed(bearer)

  const judged = await judge(bearer, {
    request: { ...request, headers: { ...request.headers, authorization } },
    keys: [keyOf(bearer, 'a-token-of-a-sender')],
  })

  expect(judged.verified).toBe(verified)
})

test.each([basic, bearer])(
  'of a stored event of $name, which has no credentials, it is said why',
  async (preset) => {
    const { request, keys } = composed(preset)
    const { authorization: _, ...headers } = request.headers

    const judged = await judge(preset, { request: { ...request, headers }, keys })

    expect(judged).toMatchObject({
      verified: false,
      step: 'credentials',
      reason: expect.stringContaining('cannot be verified again'),
    })
  },
)

test.each(['', 'user', ':password', 'user:', 'user:short'])(
  'the pair %j is refused at start',
  (given) => {
    expect(faultOf(basic.secret, given)).toEqual(expect.any(String))
  },
)

const certificate = presets.clientCertificate('CERTIFICATES', {
  header: 'X-Client-Certificate',
  verifiedHeader: 'X-Client-Verify',
})
const fingerprint = 'AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01'
const bare = fingerprint.replaceAll(':', '').toLowerCase()

test.each([
  [fingerprint, bare, true],
  [bare, fingerprint, true],
  [bare, `${bare.slice(0, -1)}2`, false],
  ['CN=billing.example.com', 'CN=billing.example.com,O=Acme', true],
  ['CN=billing.example.com', '/O=Acme/CN=billing.example.com', false],
  ['/O=Acme/CN=billing.example.com', '/O=Acme/CN=billing.example.com', true],
  ['CN=billing.example.com', '/O=x,CN=billing.example.com', false],
  ['CN=billing.example.com', 'CN=evil,O=Acme/CN=billing.example.com', false],
  ['CN=billing.example.com', 'CN=evil\\,CN=billing.example.com', false],
  ['CN=billing.example.com', 'CN=evil\\2CCN=billing.example.com', false],
  ['CN=billing.example.com', 'O=x\\\\,CN=billing.example.com', true],
  ['CN=billing.example.com', 'O="x\\",CN=billing.example.com', false],
  ['CN=billing.example.com', 'O="x\\",CN=billing.example.com"', false],
  ['CN=billing.example.com', 'O=#0401,CN=billing.example.com', false],
  ['CN=billing.example.com', 'O=x;CN=billing.example.com', false],
  ['CN=billing.example.com', 'O=\\FF,CN=billing.example.com', false],
  ['CN=a\\nb', 'CN="a\nb"', false],
  ['O=Acme\\, Inc.', 'CN=a,O=Acme\\, Inc.', true],
  ['O=Acme\\, Inc.', 'cn=a,o=Acme\\2C Inc.', true],
  ['O="Acme, Inc."', 'CN=a,O=Acme\\, Inc.', true],
  ['O=M\\C3\\BCller', 'O=M\\C3\\BCller', true],
  ['CN=a,O=Acme', 'CN=a,O=Acme', true],
  ['CN=a,O=Acme', 'O=Acme', false],
  ['CN=a,O=Acme', 'CN=a,OU=x,O=Acme', false],
  ['CN=billing.example.com', 'CN=billing.example.com.evil.org', false],
  ['CN=billing.example.com', 'O=x\\,CN=billing.example.com', false],
  ['CN=billing.example.com', 'O="x,CN=billing.example.com"', false],
  ['CN=billing.example.com', 'CN=evil, CN=billing.example.com', false],
  ['CN=billing.example.com', 'CN=a+CN=billing.example.com', false],
  ['CN=billing.example.com', '', false],
])('where %s may call, %s may: %s', async (allowed, shown, verified) => {
  const { request } = composed(certificate)
  const headers = { ...request.headers, 'x-client-certificate': shown }

  const judged = await judge(certificate, {
    request: { ...request, headers },
    keys: [keyOf(certificate, allowed)],
  })

  expect(judged.verified).toBe(verified)
})

const namesIn = (text: string) => secretsIn(text, certificate.secret)

test('a variable holds several names, and the commas of a subject are its own', () => {
  expect(namesIn('CN=a,O=Acme; CN=b\nO=Acme\\, Inc.\r\n')).toEqual([
    'CN=a,O=Acme',
    'CN=b',
    'O=Acme\\, Inc.',
  ])
  expect(namesIn(`${fingerprint}, ${bare}`)).toEqual([fingerprint, bare])
  expect(namesIn('CN=a\\;b')).toEqual(['CN=a\\;b'])
})

test.each(['billing.example.com', 'CN = a, O = Acme', 'ab:cd', 'CN=a,'])(
  'the name %j is refused at start',
  (name) => {
    expect(certificate.secret.keyOf(name)).toEqual(expect.any(String))
  },
)

test('headers of a certificate count from a trusted proxy alone, and only where it is valid', async () => {
  const sample = composed(certificate)

  const direct = await judgeChanged(certificate, sample, { proxied: false })
  const invalid = await judgeChanged(certificate, sample, {
    headers: { 'x-client-verify': 'FAILED:expired' },
  })
  const unsaid = await judgeChanged(certificate, sample, { headers: { 'x-client-verify': '' } })

  expect([direct, invalid, unsaid]).toMatchObject([
    { verified: false, step: 'proxy' },
    { verified: false, step: 'credentials' },
    { verified: false, step: 'header' },
  ])
  expect(certificate.needsProxy).toBe(true)
})
