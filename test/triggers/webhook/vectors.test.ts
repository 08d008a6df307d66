import { createSecretKey, verify } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { digest } from '../../../src/triggers/webhook/hmac.ts'
import { ed25519PublicKey } from '../../../src/triggers/webhook/secret.ts'
import { goodCases, judgeCase } from './good-cases.ts'
import { caseOf, mutations, primitives, vectors } from './vectors.ts'

test('there are vectors', () => {
  expect(vectors.length).toBeGreaterThanOrEqual(17)
  expect(primitives.length).toBeGreaterThanOrEqual(2)
})

test.each(vectors)('the verdict on $id is as it is known', async (vector) => {
  const judged = await judgeCase(caseOf(vector))

  expect(judged.verified).toBe(vector.valid)
})

test.each(goodCases)('$name holds', async (good) => {
  await expect(judgeCase(good)).resolves.toMatchObject({ verified: true })
})

test.each(vectors.filter((vector) => vector.expected_response !== undefined))(
  '$id is answered as its sender expects',
  async (vector) => {
    const { preset, ...good } = caseOf(vector)
    const judged = await judgeCase({ preset, ...good })
    if (!judged.verified) throw new Error(judged.reason)

    const reading = preset.read(judged.request, JSON.parse(vector.body ?? ''))

    if (reading.outcome !== 'handshake') throw new Error('Expected a handshake.')
    expect(reading.answer.status).toBe(200)
    expect(JSON.parse(reading.answer.body)).toEqual(vector.expected_response?.json)
  },
)

test.each(primitives)('the algorithm of $id gives what it should', (primitive) => {
  const message = Buffer.from(primitive.message ?? '')
  const {
    secret,
    expected_hex: expected,
    public_key: raw = '',
    signature_hex: signature = '',
  } = primitive

  const holds =
    secret === undefined
      ? verify(
          null,
          message,
          ed25519PublicKey(Buffer.from(raw, 'hex')),
          Buffer.from(signature, 'hex'),
        )
      : digest('sha256', createSecretKey(Buffer.from(secret)), [message]).toString('hex') ===
        expected

  expect(holds).toBe(true)
})

test.each(mutations)('the mutation %s has its test', (id) => {
  const tests = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => readFileSync(`${import.meta.dirname}/${file}`, 'utf8'))

  expect(tests.some((text) => text.includes(`'${id}: `))).toBe(true)
})
