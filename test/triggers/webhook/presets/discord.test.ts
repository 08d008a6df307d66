import { verifyKey } from 'discord-interactions'
import { generateKeyPairSync, sign } from 'node:crypto'
import { expect, test } from 'vitest'
import { discord } from '../../../../src/triggers/webhook/presets/discord.ts'
import { discordEvents } from '../../../../src/triggers/webhook/presets/discord-events.ts'
import { composed, eventsOf, judge, judgeChanged, keyOf, now, read, readBody } from './composed.ts'

const interactions = discord('DISCORD_PUBLIC_KEY')
const events = discordEvents('DISCORD_PUBLIC_KEY')
const SIGNATURE = 'x-signature-ed25519'
const TIME = 'x-signature-timestamp'

test.each([
  ['command.triage', 'command.triage', '645027906669510667'],
  ['component', 'component', 'approve-7'],
  ['autocomplete.triage', 'autocomplete.triage', '645027906669510667'],
  ['modal', 'modal', 'report'],
])('an interaction %s is an event under its id', async (sample, type, subject) => {
  // The example of Discord's documents for the time in an id.
  const id = '175928847299117063'

  const reading = await read(interactions, composed(interactions, { type: sample, id }))

  const time = '2016-04-30T11:18:25.796Z'
  expect(eventsOf(reading)).toEqual([{ key: id, type, subject, time, data: undefined }])
})

test('the ping of interactions is answered with one, that of events with nothing', async () => {
  const [pong, nothing] = await Promise.all([
    readBody(interactions, '{"id":"1","type":1}'),
    readBody(events, '{"type":0}'),
  ])

  expect(pong).toMatchObject({ outcome: 'handshake', answer: { status: 200, body: '{"type":1}' } })
  expect(nothing).toMatchObject({ outcome: 'handshake', answer: { status: 204, body: '' } })
})

test.each([
  ['command.triage', { type: 5 }],
  ['component', { type: 5 }],
  ['modal', { type: 5 }],
  ['autocomplete.triage', { type: 8, data: { choices: [] } }],
])('the answer to %s is %j', async (type, expected) => {
  const request = composed(interactions, { type })
  const judged = await judge(interactions, request)

  const answer = judged.verified
    ? interactions.answer?.([], { publicUrl: '', request: judged.request })
    : undefined

  expect(answer?.status).toBe(200)
  expect(JSON.parse(answer?.body ?? '')).toEqual(expected)
})

test('an event of the application is kept under a digest of its body and answered 204', async () => {
  const request = composed(events)

  const first = eventsOf(await read(events, request))
  const again = eventsOf(await read(events, request))
  const other = eventsOf(await read(events, { ...request, ...composed(events, { id: 'other' }) }))

  expect(first).toEqual([
    expect.objectContaining({
      type: 'APPLICATION_AUTHORIZED',
      subject: '53908232506183680',
      time: now.toISOString(),
    }),
  ])
  expect(first[0]?.key).toBe(again[0]?.key)
  expect(first[0]?.key).not.toBe(other[0]?.key)
})

test.each([
  ['no signature', { [SIGNATURE]: '' }, 'header'],
  ['capitals', { [SIGNATURE]: 'A'.repeat(128) }, 'header'],
  ['too few digits', { [SIGNATURE]: 'a'.repeat(126) }, 'header'],
  ['another signature', { [SIGNATURE]: 'a'.repeat(128) }, 'signature'],
  ['no time', { [TIME]: '' }, 'header'],
  ['another time', { [TIME]: String(now.getTime() / 1_000 + 1) }, 'signature'],
  ['a time that is none', { [TIME]: `${now.getTime() / 1_000}junk` }, 'time'],
])('%s is refused', async (_, headers, step) => {
  const judged = await judgeChanged(interactions, composed(interactions), { headers })

  expect(judged).toMatchObject({ verified: false, step })
})

test.each([-301, -300, 300, 301])('%i s from its time', async (off) => {
  const judged = await judge(interactions, composed(interactions), now.getTime() + off * 1_000)

  expect(judged.verified).toBe(Math.abs(off) <= 300)
})

test('each of two keys counts while one is replaced', async () => {
  const request = composed(interactions)
  const other = keyOf(interactions, interactions.secret.make().verifying)

  const judged = await judge(interactions, { ...request, keys: [other, ...request.keys] })

  expect(judged).toMatchObject({ verified: true, verification: { key: 2, keys: 2 } })
})

test.each(['', 'abc', 'zz'.repeat(32), 'ab'.repeat(31)])('the key %j is none', (secret) => {
  expect(interactions.secret.keyOf(secret)).toBe('is no public key of 64 hex digits')
})

test("Discord's library verifies what is signed here", async () => {
  const { verifying, signing } = interactions.secret.make()
  const { request } = composed(interactions, { secret: signing })

  const { [SIGNATURE]: signature = '', [TIME]: time = '' } = request.headers
  expect(await verifyKey(request.body, signature, time, verifying)).toBe(true)
})

test("what Discord's library verifies is verified here, but for its time", async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const hex = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('hex')
  const { request } = composed(interactions)
  const signedAt = async (time: string) => {
    const signed = Buffer.concat([Buffer.from(time), request.body])
    const signature = sign(null, signed, privateKey).toString('hex')
    const headers = { ...request.headers, [SIGNATURE]: signature, [TIME]: time }
    const ours = await judge(interactions, {
      request: { ...request, headers },
      keys: [keyOf(interactions, hex)],
    })
    return { theirs: await verifyKey(request.body, signature, time, hex), ours: ours.verified }
  }

  expect(await signedAt(String(now.getTime() / 1_000))).toEqual({ theirs: true, ours: true })
  // In 2001.
  expect(await signedAt('1000000000')).toEqual({ theirs: true, ours: false })
  expect(await signedAt('')).toEqual({ theirs: true, ours: false })
})
