import { EventWebhook } from '@sendgrid/eventwebhook'
import { expect, test } from 'vitest'
import { type FormPart, printMultipart } from '../../../../src/triggers/webhook/multipart.ts'
import { sendgrid } from '../../../../src/triggers/webhook/presets/sendgrid.ts'
import { composed, eventsOf, judge, judgeChanged, keyOf, now, readBody } from './composed.ts'

const preset = sendgrid('SENDGRID_KEY')
const SIGNATURE = 'x-twilio-email-event-webhook-signature'
const TIME = 'x-twilio-email-event-webhook-timestamp'

const mail = (parts: FormPart[]): Promise<ReturnType<typeof eventsOf>> =>
  readBody(preset, printMultipart('b', parts), 'multipart/form-data; boundary=b').then(eventsOf)
const field = (name: string, content: string | Uint8Array): FormPart => ({
  name,
  content: Buffer.from(content),
})

const sentTo = (to: string) =>
  mail([field('headers', 'Message-ID: <1@example.com>\n'), field('envelope', `{"to":["${to}"]}`)])
const file = (fileName: string, size: number): FormPart => ({
  name: fileName,
  fileName,
  content: Buffer.alloc(size),
})

test('an array that ends in CRLF becomes one event for each element', async () => {
  const body =
    '[{"email":"a@example.com","event":"open","sg_event_id":"1","timestamp":1777000000},\r\n{"event":"click"}]\r\n'

  const reading = await readBody(preset, body)

  expect(eventsOf(reading)).toMatchObject([
    { key: '1', type: 'open', subject: 'a@example.com', time: '2026-04-24T03:06:40.000Z' },
    { key: expect.stringMatching(/^sha256:/), type: 'click', data: { data: { event: 'click' } } },
  ])
})

test('a mail is one event for its recipient, with texts in their charsets and files', async () => {
  const events = await mail([
    field('headers', 'Message-ID: <1@example.com>\n'),
    field('envelope', '{"to":["support@example.net"],"from":"a@example.com"}'),
    field('charsets', '{"text":"iso-8859-1","subject":"x-nobody-knows"}'),
    field('text', Buffer.from('Grüße', 'latin1')),
    field('subject', 'Grüße'),
    {
      name: 'attachment1',
      fileName: '../a.txt',
      contentType: 'text/plain',
      content: Buffer.from('A'),
    },
  ])

  expect(events).toMatchObject([{ type: 'inbound.email', subject: 'support@example.net' }])
  expect(events[0]?.data).toMatchObject({
    data: {
      fields: { text: 'Grüße', subject: 'Grüße' },
      files: [
        { field: 'attachment1', name: '../a.txt', type: 'text/plain', size: 1, base64: 'QQ==' },
      ],
    },
  })
})

test('the same mail for another recipient is another event', async () => {
  const [one, again, other] = await Promise.all(['a', 'a', 'b'].map(sentTo))

  expect(one?.[0]?.key).toBe(again?.[0]?.key)
  expect(one?.[0]?.key).not.toBe(other?.[0]?.key)
})

const keyOfMail = (text: string) =>
  mail([field('envelope', '{"to":["a"]}'), field('text', text)]).then(([event]) => event?.key)

test('mails of one envelope without their headers are told apart by what they say', async () => {
  const [one, other, again] = await Promise.all([
    keyOfMail('one'),
    keyOfMail('other'),
    keyOfMail('one'),
  ])

  expect([one === other, one === again]).toEqual([false, true])
  expect(one).toMatch(/^sha256:/)
})

test('attachments beyond 1 MB in all stay in the request', async () => {
  const [event] = await mail([file('a', 1024 * 1024), file('b', 1), file('c', 0)])

  expect(event?.data).toMatchObject({
    data: { files: [{ size: 1024 * 1024 }, { size: 1, base64: null }, { size: 0, base64: '' }] },
  })
})

test.each([
  ['[]', 'application/json'],
  ['{"event":"open"}', 'application/json'],
  [`[${Array(10_001).fill('{}').join(',')}]`, 'application/json'],
  ['--b', 'multipart/form-data; boundary=b'],
  ['--b--', 'multipart/form-data'],
])('%.20s as %s is kept in quarantine', async (body, contentType) => {
  expect(eventsOf(await readBody(preset, body, contentType))).toMatchObject([{ unreadable: true }])
})

test.each([
  ['no signature', { [SIGNATURE]: '' }, 'header'],
  ['a signature that is no DER', { [SIGNATURE]: 'AAAA' }, 'signature'],
  ['a signature that is no base64', { [SIGNATURE]: 'AA-_' }, 'header'],
  ['no time', { [TIME]: '' }, 'header'],
  ['another time', { [TIME]: String(now.getTime() / 1_000 + 1) }, 'signature'],
])('%s is refused', async (_, headers, step) => {
  const judged = await judgeChanged(preset, composed(preset), { headers })

  expect(judged).toMatchObject({ verified: false, step })
})

test.each([-301, -300, 300, 301])('%i s from its time', async (off) => {
  const judged = await judge(preset, composed(preset), now.getTime() + off * 1_000)

  expect(judged.verified).toBe(Math.abs(off) <= 300)
})

test('a mail of 30 MB is verified while the loop goes on', async () => {
  const data = { text: 'x'.repeat(30 * 1024 * 1024) }
  const request = composed(preset, { type: 'inbound.email', data })
  let turns = 0
  const counting = setInterval(() => (turns += 1), 1)

  const judged = await judge(preset, request)
  clearInterval(counting)

  expect(judged.verified).toBe(true)
  expect(turns).toBeGreaterThan(0)
})

test.each(['', 'AAAA', 'no base64'])('the key %j is none', (secret) => {
  expect(preset.secret.keyOf(secret)).toBe('is no public key of P-256 in base64')
})

test("SendGrid's library verifies what is signed here, however old it is", async () => {
  const { verifying, signing } = preset.secret.make()
  const { request } = composed(preset, { secret: signing })
  const library = new EventWebhook()

  const { [SIGNATURE]: signature = '', [TIME]: time = '' } = request.headers
  const key = library.convertPublicKeyToECDSA(verifying)
  const theirs = library.verifySignature(key, Buffer.from(request.body), signature, time)
  const ours = await judge(
    preset,
    { request, keys: [keyOf(preset, verifying)] },
    Date.parse('2030-01-01'),
  )

  expect({ theirs, ours: ours.verified }).toEqual({ theirs: true, ours: false })
})
