import type { KeyObject } from 'node:crypto'
import { expect, test } from 'vitest'
import { presetsByName } from '../../../src/triggers/webhook/presets/by-name.ts'
import { ed25519PublicKey, faultOf, makeEd25519 } from '../../../src/triggers/webhook/secret.ts'
import { goodCases, judgeCase } from './good-cases.ts'
import { keyOf } from './presets/composed.ts'
import { type Case, presetOf } from './vectors.ts'

const names = Object.keys(presetsByName)

/** Another key of the kind that a case has. */
const other = ({ preset, keys: [key] }: Case): KeyObject =>
  key?.asymmetricKeyType === 'ed25519'
    ? ed25519PublicKey(makeEd25519().publicKey)
    : keyOf(preset, preset.secret.make().verifying)

test.each(names)('empty-secret: %s takes none', (name) => {
  const { secret } = presetOf(name)

  expect(faultOf(secret, '')).toEqual(expect.any(String))
})

test.each(names.filter((name) => name !== 'client-certificate' && name !== 'salesforce'))(
  'empty-secret: %s takes no bare prefix and nothing short',
  (name) => {
    const { secret } = presetOf(name)

    for (const short of ['whsec_', 'whpk_', 'whsec_c2hvcnQ=', 'short', ':', 'a:b']) {
      expect(faultOf(secret, short)).toEqual(expect.any(String))
    }
  },
)

test.each(['github', 'hmac', 'bearer', 'openai', 'stripe', 'outpost'])(
  '%s takes no half of a pair as a secret: everybody may know the public one',
  (name) => {
    const { secret } = presetOf(name)
    const half = Buffer.alloc(32).toString('base64')

    for (const prefix of ['whpk_', 'whsk_']) {
      expect(faultOf(secret, `${prefix}${half}`)).toMatch(/key of a pair/)
    }
  },
)

test.each(names)('%s makes secrets that it takes itself, and each is another', (name) => {
  const { secret } = presetOf(name)
  const [one, two] = [secret.make(), secret.make()]

  expect([faultOf(secret, one.verifying), faultOf(secret, two.verifying)]).toEqual([
    undefined,
    undefined,
  ])
  expect(one.verifying).not.toBe(two.verifying)
})

test.each(goodCases)(
  'rotation: $name holds while its key is one of two, and says which',
  async (good) => {
    const { keys } = good
    const next = other(good)

    const [before, during, after] = await Promise.all(
      [keys, [next, ...keys], [next]].map((each) => judgeCase(good, { keys: each })),
    )

    expect(before).toMatchObject({ verified: true, verification: { key: 1, keys: 1 } })
    expect(during).toMatchObject({ verified: true, verification: { key: 2, keys: 2 } })
    expect(after).toMatchObject({ verified: false })
  },
)

test.each(goodCases)('cross-tenant: $name at an endpoint with other keys', async (good) => {
  const one = await judgeCase(good, { keys: [other(good)] })
  const several = await judgeCase(good, { keys: [other(good), other(good), other(good)] })

  expect([one, several]).toMatchObject([
    { verified: false, step: expect.stringMatching(/signature|credentials/) },
    { verified: false, step: expect.stringMatching(/signature|credentials/) },
  ])
})

test.each(goodCases)('$name holds at no endpoint without keys', async (good) => {
  await expect(judgeCase(good, { keys: [] })).resolves.toMatchObject({ verified: false })
})
