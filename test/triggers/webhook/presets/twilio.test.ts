import vendor from 'twilio'
import { expect, test } from 'vitest'
import { twilio } from '../../../../src/triggers/webhook/presets/twilio.ts'
import { composed, eventsOf, judge, judgeChanged, keyOf, now, read } from './composed.ts'

const preset = twilio('TWILIO_AUTH_TOKEN')
const token = '12345678901234567890123456789012'
const url = 'https://Hooks.example.com/hooks/twilio?foo=1&bar=2'
const SIGNATURE = 'x-twilio-signature'

/** As Twilio itself would sign it. */
function signedByTwilio(params: Record<string, string | string[]>, signedUrl = url) {
  const signature = vendor.getExpectedTwilioSignature(token, signedUrl, params)
  const pairs = Object.entries(params).flatMap(([name, values]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  )
  return {
    keys: [keyOf(preset, token)],
    secret: token,
    request: {
      method: 'POST',
      url,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        [SIGNATURE]: signature,
      },
      body: Buffer.from(new URLSearchParams(pairs).toString()),
      address: undefined,
      proxied: false,
    },
  }
}

const sid = 'a'.repeat(32)
const message = { MessageSid: `SM${sid}`, SmsStatus: 'received', From: '+14158675309', Body: 'Hi' }

const bodyWith = (part: string, other: string): Uint8Array =>
  Buffer.from(signedByTwilio(message).request.body.toString().replace(part, other))

test.each([
  [message, { key: `SM${sid}:received`, type: 'message.received', subject: '+14158675309' }],
  [
    { MessageSid: `MM${sid}`, MessageStatus: 'delivered', SmsStatus: 'delivered' },
    { key: `MM${sid}:delivered`, type: 'message.delivered', subject: `MM${sid}` },
  ],
  [
    { CallSid: `CA${sid}`, CallStatus: 'no-answer' },
    {
      key: expect.stringMatching(`^CA${sid}:no-answer:sha256:[0-9a-f]{64}$`),
      type: 'call.no-answer',
      subject: `CA${sid}`,
    },
  ],
])('%j is an event', async (params, expected) => {
  const reading = await read(preset, signedByTwilio(params))

  expect(eventsOf(reading)).toEqual([{ ...expected, data: undefined }])
})

test('what is neither message nor call has the digest of what was signed for a key', async () => {
  const params = { EventType: 'onMessageAdded', ConversationSid: `CH${sid}` }
  const moved = { EventType: 'onMessageAdded', ConversationSi: `dCH${sid}` }

  const [event] = eventsOf(await read(preset, signedByTwilio(params)))
  const [same] = eventsOf(await read(preset, signedByTwilio(moved)))

  expect(event).toMatchObject({ type: 'onMessageAdded', key: expect.stringMatching(/^sha256:/) })
  expect(same?.key).toBe(event?.key)
})

test('each thing that a caller types is an event of its own', async () => {
  const call = { CallSid: `CA${sid}`, CallStatus: 'in-progress' }

  const events = await Promise.all(
    ['1', '2', '2'].map(async (Digits) => read(preset, signedByTwilio({ ...call, Digits }))),
  )

  const [one, two, again] = events.map((reading) => eventsOf(reading)[0]?.key)
  expect(one).not.toBe(two)
  expect(two).toBe(again)
})

function typed(menu: string, params: Record<string, string>) {
  const signedUrl = url.replace('foo=1', `menu=${menu}`)
  const sent = signedByTwilio(params, signedUrl)
  return read(preset, { ...sent, request: { ...sent.request, url: signedUrl } })
}

test('what a caller types in two menus, and a recording beside the end of its call, are events of their own', async () => {
  const call = { CallSid: `CA${sid}`, CallStatus: 'completed', Digits: '1' }

  const readings = await Promise.all([
    typed('main', call),
    typed('sub', call),
    typed('main', { ...call, RecordingSid: `RE${sid}` }),
    typed('main', call),
  ])

  const [main, ...others] = readings.map((reading) => eventsOf(reading)[0]?.key)
  expect(new Set([main, ...others]).size).toBe(3)
  expect(others.at(-1)).toBe(main)
})

test('the port of the URL, which anybody could add, makes no other event', async () => {
  const call = { CallSid: `CA${sid}`, CallStatus: 'completed' }
  const sent = signedByTwilio(call)
  const added = { ...sent.request, url: url.replace('.com/', '.com:443/') }

  const [one] = eventsOf(await read(preset, sent))
  const [other] = eventsOf(await read(preset, { ...sent, request: added }))

  expect(one?.key).toBe(other?.key)
})

test('a status of two words is a status', async () => {
  const params = { MessageSid: `SM${sid}`, MessageStatus: 'partially_delivered' }

  const [event] = eventsOf(await read(preset, signedByTwilio(params)))

  expect(event?.type).toBe('message.partially_delivered')
})

test('a value that swallowed its neighbours is no SID', async () => {
  const swallowed = { MessageSid: `SM${sid}SmsStatusreceived`, SmsStatus: 'received' }

  const [event] = eventsOf(await read(preset, signedByTwilio(swallowed)))

  expect(event).toMatchObject({ type: 'unknown', key: expect.stringMatching(/^sha256:/) })
})

test('the answer is TwiML that says nothing', () => {
  const { request } = composed(preset)

  // The answer does not look at what it answers.
  const answer = preset.answer?.([], Object.create({ request }))

  expect(answer).toEqual({
    status: 200,
    contentType: 'text/xml',
    body: '<?xml version="1.0" encoding="UTF-8"?><Response/>',
  })
})

test.each([
  ['as it is', 'https://Hooks.example.com/hooks/twilio?foo=1&bar=2'],
  ['with the standard port', 'https://Hooks.example.com:443/hooks/twilio?foo=1&bar=2'],
])('a URL that Twilio signs %s holds', async (_, signedUrl) => {
  const judged = await judge(preset, signedByTwilio(message, signedUrl))

  expect(judged.verified).toBe(true)
})

test('a URL with another port holds without it', async () => {
  const judged = await judgeChanged(preset, signedByTwilio(message), {
    url: url.replace('.com/', '.com:8443/'),
  })

  expect(judged.verified).toBe(true)
})

test.each([
  ['another case of the host', { url: url.toLowerCase() }],
  ['another query', { url: `${url}&baz=3` }],
  ['a query that is decoded', { url: url.replace('foo', 'f%6fo') }],
  ['no URL at all', { url: '' }],
  ['another parameter', { body: Buffer.from('MessageSid=1') }],
  ['UTF-8 that is broken', { body: Buffer.from('Body=%ff') }],
  ['an escape that is broken', { body: Buffer.from('Body=%f') }],
  ['a parameter without its =', { body: bodyWith('Body=Hi', 'BodyHi') }],
  ['no signature', { headers: { [SIGNATURE]: '' } }],
  ['a signature of SHA-256', { headers: { [SIGNATURE]: 'A'.repeat(43) + '=' } }],
  ['another type', { headers: { 'content-type': 'application/json' } }],
])('%s is refused', async (_, changes) => {
  const judged = await judgeChanged(preset, signedByTwilio(message), changes)

  expect(judged.verified).toBe(false)
})

test('parameters of one name are signed once for each value, sorted', async () => {
  const judged = await judge(preset, signedByTwilio({ Media: ['b', 'a', 'b'], From: '+1' }))

  expect(judged.verified).toBe(true)
})

test('JSON is held against its hash in the URL', async () => {
  const json = composed(preset, { data: { nested: { value: 1 } }, secret: token })
  const keys = [keyOf(preset, token)]
  const { request } = json

  const theirs = vendor.validateRequestWithBody(
    token,
    request.headers[SIGNATURE] ?? '',
    request.url,
    Buffer.from(request.body).toString(),
  )
  const ours = await judge(preset, { request, keys })
  const changed = await judge(preset, { request: { ...request, body: Buffer.from('{}') }, keys })
  const twice = { ...request, url: `${request.url}&x=1` }

  expect({ theirs, ours: ours.verified }).toEqual({ theirs: true, ours: true })
  expect(changed).toMatchObject({ verified: false, step: 'body' })
  expect(await judge(preset, { request: twice, keys })).toMatchObject({ verified: false })
})

test('a hash that is not at the end of the URL does not stand for the body', async () => {
  const evil = Buffer.from('{"evil":true}')
  const hash = '5'.repeat(64)
  const text = `?a=1Body&bodySHA256=${hash}&x=From+1`

  const judged = await judgeChanged(preset, signedByTwilio({ Body: `&bodySHA256=${hash}&x=` }), {
    url: `${url}${text}`,
    body: evil,
    headers: { 'content-type': 'application/json' },
  })

  expect(judged).toMatchObject({ verified: false, step: 'body' })
})

test("Twilio's library verifies what is signed here, and names and values run into each other in both", async () => {
  const { request } = composed(preset, { secret: token, now })
  const params = Object.fromEntries(new URLSearchParams(Buffer.from(request.body).toString()))
  const one = signedByTwilio({ From: '+1', FromCity: 'X' })
  const other = signedByTwilio({ From: '+1FromCityX' })

  const signature = request.headers[SIGNATURE] ?? ''
  expect(vendor.validateRequest(token, signature, request.url, params)).toBe(true)
  expect(one.request.headers).toEqual(other.request.headers)
})
