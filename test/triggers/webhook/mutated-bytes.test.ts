import { expect, test } from 'vitest'
import { judgeCase, signedBodies } from './good-cases.ts'
import { independentSigners } from './independent-signers.ts'
import { caseOf, type Case, type Vector, vectors } from './vectors.ts'

test.each(signedBodies)('tampered-byte: $name with one bit of any byte flipped', async (good) => {
  const { body } = good.request
  const spoilt = Array.from(body, (byte, index) => {
    const flipped = Buffer.from(body)
    flipped[index] = byte ^ (1 << (index % 8))
    return flipped
  }).filter((flipped) => !saysTheSame(good, flipped))

  const judged = await Promise.all(spoilt.map((each) => judgeCase(good, { body: each })))

  expect(judged.filter(({ verified }) => verified)).toEqual([])
  expect(judged.length).toBeGreaterThan(body.length * 0.9)
})

// Twilio signs what a form says: `%2b` is `%2B`.
const saysTheSame = ({ provider, request }: Case, body: Buffer): boolean =>
  provider === 'twilio' && formOf(body) === formOf(request.body)

const formOf = (body: Uint8Array): string =>
  new URLSearchParams(Buffer.from(body).toString()).toString()

test.each(signedBodies)('tampered-byte: $name with any byte left out', async (good) => {
  const { body } = good.request
  const judged = await Promise.all(
    Array.from(body, (_, index) => {
      const shorter = Buffer.concat([body.subarray(0, index), body.subarray(index + 1)])
      return judgeCase(good, { body: shorter })
    }),
  )

  expect(judged.filter(({ verified }) => verified)).toEqual([])
})

test.each(signedBodies)('whitespace: $name with a line end, or written anew', async (good) => {
  const body = Buffer.from(good.request.body)
  const spoilt = [
    Buffer.concat([body, Buffer.from('\n')]),
    Buffer.concat([body, Buffer.from(' ')]),
    Buffer.concat([Buffer.from(' '), body]),
    Buffer.concat([Buffer.from('\ufeff'), body]),
    rewritten(body),
    Buffer.alloc(0),
  ]

  const judged = await Promise.all(spoilt.map((each) => judgeCase(good, { body: each })))

  expect(judged.filter(({ verified }) => verified)).toEqual([])
})

function rewritten(body: Buffer): Buffer {
  try {
    return Buffer.from(JSON.stringify(JSON.parse(body.toString()), null, 3))
  } catch {
    // Forms and text have no other way to be written that means the same to everybody.
    return Buffer.from(`${body.toString()}&`)
  }
}

interface Signed {
  vector: Vector
  good: Case
}

const hmacVectors = vectors
  .filter(
    ({ provider, valid, secret }) =>
      valid === true && secret !== undefined && Object.hasOwn(independentSigners, provider),
  )
  .map((vector): Signed & { id: string } => ({ id: vector.id, vector, good: caseOf(vector) }))

/** The headers of a vector over another body, signed by nothing of ours. */
function signedAnew({ vector, good }: Signed, body: Uint8Array): Record<string, string> {
  const { secret = '', provider, url, method } = vector
  const time = provider === 'hubspot' ? good.nowMs : Math.floor(good.nowMs / 1_000)
  const sign = independentSigners[provider]
  return sign?.({ secret, id: 'msg_1', time: String(time), body, url, method }) ?? {}
}

test.each(hmacVectors)('bom: $id behind a byte order mark holds', async (signed) => {
  const { vector, good } = signed
  const body = Buffer.from(`\ufeff${vector.body}`)

  const judged = await judgeCase(good, { headers: signedAnew(signed, body), body })

  expect(judged).toMatchObject({ verified: true })
})

// Linear has its time in a body that can be read.
const anyBody = hmacVectors.filter(({ vector }) => vector.provider !== 'linear')

test.each(anyBody)('invalid-utf8: $id signs bytes, not text', async (signed) => {
  const [one, other] = [Buffer.from([0x22, 0xff, 0x22]), Buffer.from([0x22, 0xfe, 0x22])]
  const headers = signedAnew(signed, one)

  const judged = await Promise.all(
    [one, other].map((body) => judgeCase(signed.good, { headers, body })),
  )

  expect(judged.map(({ verified }) => verified)).toEqual([true, false])
})

test.each(anyBody)(
  'an empty body, and one of more than a slice, are signed like any other: $id',
  async (signed) => {
    const bodies = [Buffer.alloc(0), Buffer.alloc(2_500_000, 0x61)]

    const judged = await Promise.all(
      bodies.map((body) => judgeCase(signed.good, { headers: signedAnew(signed, body), body })),
    )
    const last = Buffer.from(bodies[1] ?? '')
    last[2_400_000] = 0x62
    const headers = signedAnew(signed, bodies[1] ?? Buffer.alloc(0))
    const spoilt = await judgeCase(signed.good, { headers, body: last })

    expect(judged.map(({ verified }) => verified)).toEqual([true, true])
    expect(spoilt).toMatchObject({ verified: false, step: 'signature' })
  },
)
