import { expect, test } from 'vitest'
import { goodCases, judgeCase } from './good-cases.ts'
import { independentSigners, timedInHeader } from './independent-signers.ts'
import { verificationOf } from '../../../src/triggers/webhook/verify.ts'
import { caseOf, vectors } from './vectors.ts'

const judged = await Promise.all(
  goodCases.map(async (good) => ({ good, judgement: await judgeCase(good) })),
)
const timed = judged
  .filter(({ judgement }) => judgement.verified && judgement.verification.signedAtMs !== undefined)
  .map(({ good }) => ({ ...good, toleranceMs: good.provider === 'linear' ? 60_000 : 300_000 }))

test('the schemes that sign a time are known', () => {
  const names = ['standard-webhooks', 'svix', 'openai', 'stripe', 'slack', 'hubspot', 'linear']
  const others = ['convoy', 'discord', 'discord-events', 'mailgun', 'outpost-standard', 'sendgrid']

  expect([...new Set(timed.map(({ provider }) => provider))].toSorted()).toEqual(
    [...names, ...others].toSorted(),
  )
})

const beyond = { valid: true, key: 0, signedAtMs: 9_999_999_999_999_000 } as const

test('a time beyond the calendar is no time, and throws nowhere', async () => {
  const [good] = goodCases
  if (good === undefined) throw new Error('Expected a case.')
  const preset = { ...good.preset, verify: () => beyond }

  const judgement = await judgeCase({ ...good, preset })

  if (!judgement.verified) throw new Error(judgement.reason)
  expect(verificationOf(judgement.verification)).not.toHaveProperty('signedAt')
})

test.each(timed)('stale: $name a second after its time', async (good) => {
  const { nowMs, toleranceMs } = good

  await expect(judgeCase(good, { nowMs: nowMs + toleranceMs + 1_000 })).resolves.toMatchObject({
    verified: false,
    step: 'time',
  })
})

test.each(timed)('future: $name a second before its time', async (good) => {
  const { nowMs, toleranceMs } = good

  await expect(judgeCase(good, { nowMs: nowMs - toleranceMs - 1_000 })).resolves.toMatchObject({
    verified: false,
    step: 'time',
  })
})

test.each(timed)('boundary: $name at the edges of its time', async (good) => {
  const { nowMs, toleranceMs } = good

  const edges = [nowMs - toleranceMs, nowMs + toleranceMs].map((at) =>
    judgeCase(good, { nowMs: at }),
  )

  await expect(Promise.all(edges)).resolves.toMatchObject([{ verified: true }, { verified: true }])
})

const inHeader = vectors
  .filter(
    ({ provider, valid, secret }) =>
      valid === true && secret !== undefined && Object.hasOwn(timedInHeader, provider),
  )
  .map((vector) => ({ id: vector.id, vector, good: caseOf(vector) }))

/** What the verifier says to a vector that its sender signed with this as its time. */
function judgeSignedAt({ vector, good }: (typeof inHeader)[number], time: string) {
  const { secret = '', provider, url, method } = vector
  const { body } = good.request
  const headers = independentSigners[provider]?.({ secret, id: 'msg_1', time, body, url, method })
  return judgeCase(good, { headers: headers ?? {} })
}

test.each(inHeader)('junk-timestamp: $id signed at what is no time', async (signed) => {
  const { good, vector } = signed
  const time = String(timedInHeader[vector.provider] === 'ms' ? good.nowMs : good.nowMs / 1_000)
  const junk = ['abc', '.5', 'e0', ' ', '\t', '\n', 'x'].map((end) => `${time}${end}`)
  const others = [`+${time}`, ` ${time}`, `-${time}`, `0x${time}`, '1e9', '', '٣', 'NaN']

  const good2 = await judgeSignedAt(signed, time)
  const bad = await Promise.all([...junk, ...others].map((each) => judgeSignedAt(signed, each)))

  expect(good2.verified).toBe(true)
  expect(bad.filter(({ verified }) => verified)).toEqual([])
})

test.each(inHeader)('seconds-as-ms: $id signed at a time in the wrong unit', async (signed) => {
  const { good, vector } = signed
  const seconds = Math.floor(good.nowMs / 1_000)
  const time = timedInHeader[vector.provider] === 'ms' ? seconds : good.nowMs

  const judgement = await judgeSignedAt(signed, String(time))

  expect(judgement).toMatchObject({ verified: false, step: 'time' })
})

test.each(['1614265330', 1_614_265_330, null, 1_614_265_330_000.5, 1e300])(
  'junk-timestamp: the body of Linear with %j as its time is refused',
  async (webhookTimestamp) => {
    const [vector] = vectors.filter(({ provider }) => provider === 'linear')
    if (vector === undefined) throw new Error('Expected a vector of Linear.')
    const body = Buffer.from(JSON.stringify({ type: 'Issue', webhookTimestamp }))
    const { secret = '', url, method } = vector
    const headers = independentSigners['linear']?.({ secret, id: '', time: '', body, url, method })

    const judgement = await judgeCase(caseOf(vector), { headers: headers ?? {}, body })

    expect(judgement).toMatchObject({ verified: false, step: 'time' })
  },
)
