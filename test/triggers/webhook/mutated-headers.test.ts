import { expect, test } from 'vitest'
import { goodCases, judgeCase, signatureHeaderOf, signedHeaders } from './good-cases.ts'
import { caseOf, vectors } from './vectors.ts'

const needed = vectors
  .filter(({ valid }) => valid === true)
  .flatMap((vector) =>
    Object.keys(vector.headers)
      // Nobody signs it, and nobody reads it.
      .filter((header) => header !== 'linear-timestamp')
      .map((header) => ({ ...caseOf(vector), header })),
  )

const composed = goodCases.flatMap((good) =>
  good.preset.signatureHeaders
    .filter((header) => Object.hasOwn(good.request.headers, header))
    .map((header) => ({ ...good, header })),
)

test.each([...needed, ...composed])('missing-header: $name without $header', async (good) => {
  const missing = await judgeCase(good, { headers: { [good.header]: undefined } })
  const empty = await judgeCase(good, { headers: { [good.header]: '' } })

  expect([missing.verified, empty.verified]).toEqual([false, false])
})

test.each([...needed, ...composed])('duplicated-header: $name with $header twice', async (good) => {
  const value = good.request.headers[good.header]

  const judged = await judgeCase(good, { headers: { [good.header]: `${value}, ${value}` } })

  expect(judged).toMatchObject({ verified: false, step: 'header' })
})

/** The part of a signature header that is not the signature: `sha256=`, `t=1614265330,v1=`, `v1,`. */
const prefixOf = (value: string): string =>
  /^(?:.*(?:v0=|v1=|sha256=)|v1a?,)?/.exec(value)?.[0] ?? ''

test.each(signedHeaders)('empty-signature: $name with nothing but the prefix', async (good) => {
  const header = signatureHeaderOf(good)
  const prefix = prefixOf(good.request.headers[header] ?? '')

  const judged = await judgeCase(good, { headers: { [header]: prefix } })

  expect(judged).toMatchObject({ verified: false, step: 'header' })
})

test.each(signedHeaders)('non-hex/base64: $name with what is no signature', async (good) => {
  const header = signatureHeaderOf(good)
  const value = good.request.headers[header] ?? ''
  const prefix = prefixOf(value)
  const signature = value.slice(prefix.length)

  const judged = await Promise.all(
    [
      'zz',
      signature.slice(1),
      `${signature}0`,
      `${signature}=`,
      ` ${signature}`,
      `${signature} `,
      `-_${signature.slice(2)}`,
      `${signature}\0`,
      signature.slice(0, -1),
      '\ud800',
      'é'.repeat(signature.length),
    ].map((spoilt) => judgeCase(good, { headers: { [header]: `${prefix}${spoilt}` } })),
  )

  // A blank behind a list's last signature is a second one that is none; all else spoils it.
  const holds = judged.map(({ verified }) => verified)
  const separatedByBlanks = value.startsWith('v1,') || value.startsWith('v1a,')
  expect(holds.indexOf(true)).toBe(separatedByBlanks ? 5 : -1)
})

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const inBase64 = signedHeaders.filter((good) =>
  good.request.headers[signatureHeaderOf(good)]?.endsWith('='),
)

test.each(inBase64)('non-hex/base64: $name with other bits behind its last byte', async (good) => {
  const header = signatureHeaderOf(good)
  const value = good.request.headers[header] ?? ''
  // A lenient decoder makes the same bytes of it.
  const other = value.replace(/[^=](?==+$)/, (last) => BASE64[BASE64.indexOf(last) + 1] ?? '')

  const judged = await judgeCase(good, { headers: { [header]: other } })

  expect(Buffer.from(other, 'base64')).toEqual(Buffer.from(value, 'base64'))
  expect(judged).toMatchObject({ verified: false, step: 'header' })
})

test.each(signedHeaders)('non-hex/base64: $name in the other case', async (good) => {
  const header = signatureHeaderOf(good)
  const value = good.request.headers[header] ?? ''
  const prefix = prefixOf(value)
  const swapped = value.slice(prefix.length).toUpperCase()

  const judged = await judgeCase(good, { headers: { [header]: `${prefix}${swapped}` } })

  expect(judged.verified).toBe(false)
})

test.each(signedHeaders)('long-header: $name with 10,000 signatures', async (good) => {
  const header = signatureHeaderOf(good)
  const value = good.request.headers[header] ?? ''
  const start = process.cpuUsage()

  const judged = await Promise.all(
    [' ', ',', ',v1='].map((separator) =>
      judgeCase(good, { headers: { [header]: `${value}${separator}`.repeat(10_000) } }),
    ),
  )

  expect(judged.map(({ verified }) => verified)).toEqual([false, false, false])
  const { user, system } = process.cpuUsage(start)
  expect((user + system) / 1_000).toBeLessThan(200)
})

test.each(signedHeaders)('long-header: $name with 11 signatures', async (good) => {
  const header = signatureHeaderOf(good)
  const value = good.request.headers[header] ?? ''
  const prefix = prefixOf(value)
  const eleven = (separator: string): string =>
    Array.from({ length: 11 }, () => value.slice(prefix.length)).join(separator)

  const judged = await Promise.all(
    [' ', ` ${prefix}`, ',', ',v1='].map((separator) =>
      judgeCase(good, { headers: { [header]: `${prefix}${eleven(separator)}` } }),
    ),
  )

  expect(judged.map(({ verified }) => verified)).toEqual([false, false, false, false])
})

const downgraded = [
  {
    id: 'github-docs',
    header: 'x-hub-signature-256',
    others: { 'x-hub-signature': 'sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59' },
  },
  { id: 'stripe-sdk-generated', header: 'stripe-signature', from: 'v1=', to: 'v0=' },
  { id: 'slack-docs', header: 'x-slack-signature', from: 'v0=', to: 'v1=' },
  { id: 'standard-webhooks-v1', header: 'webhook-signature', from: 'v1,', to: 'v0,' },
  { id: 'standard-webhooks-v1', header: 'webhook-signature', from: 'v1,', to: 'v1a,' },
  { id: 'standard-webhooks-v1', header: 'webhook-signature', from: 'v1,', to: 'v2,' },
  { id: 'standard-webhooks-v1a-ed25519', header: 'webhook-signature', from: 'v1a,', to: 'v1,' },
  { id: 'latitude-derived', header: 'x-latitude-signature', from: 'sha256=', to: 'sha1=' },
  {
    id: 'hubspot-v3-sdk-generated',
    header: 'x-hubspot-signature-v3',
    others: { 'x-hubspot-signature': '0'.repeat(64) },
  },
]

test.each(downgraded)(
  'version-downgrade: $id as $to$others',
  async ({ id, header, from, to, others }) => {
    const [vector] = vectors.filter((each) => each.id === id)
    if (vector === undefined) throw new Error(`Expected the vector ${id}.`)
    const value = vector.headers[header]?.replace(from ?? '', to ?? '')
    const headers = others === undefined ? { [header]: value } : { [header]: undefined, ...others }

    const judged = await judgeCase(caseOf(vector), { headers })

    expect(judged).toMatchObject({ verified: false, step: 'header' })
  },
)
