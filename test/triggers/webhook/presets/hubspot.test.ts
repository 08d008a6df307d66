import { expect, test } from 'vitest'
import { hubspot } from '../../../../src/triggers/webhook/presets/hubspot.ts'
import { composed, eventsOf, judge, judgeChanged, now, read, readBody } from './composed.ts'

const preset = hubspot('HUBSPOT_SECRET')
const elements = (count: number): unknown[] =>
  Array.from({ length: count }, (_, index) => ({
    eventId: index,
    subscriptionId: 7,
    subscriptionType: 'contact.creation',
    objectId: 100 + index,
    occurredAt: now.getTime(),
  }))
const sent = (data: unknown) => composed(preset, { data })

test('the array becomes one event for each element, with its exact text', async () => {
  const reading = await read(preset, sent(elements(2)))

  expect(eventsOf(reading)).toEqual([
    {
      key: `:7:0:100:${now.getTime()}`,
      type: 'contact.creation',
      subject: '100',
      time: now.toISOString(),
      data: { readable: true, data: elements(2)[0] },
    },
    expect.objectContaining({ key: `:7:1:101:${now.getTime()}`, subject: '101' }),
  ])
})

test('numbers that are larger than ours reach the event as they came', async () => {
  const element = '{"objectId": 12345678901234567890 , "eventId":12345678901234567890}'

  const reading = await readBody(preset, `[ ${element} ]`)

  const [event] = reading.outcome === 'events' ? reading.events : []
  expect(Buffer.from(event?.part?.body ?? '').toString()).toBe(element)
  expect(event?.key).toBeUndefined()
})

test.each([
  ['101 elements', JSON.stringify(elements(101))],
  ['no element', '[]'],
  ['a text', '"text"'],
  ['no JSON', '[{'],
  ['65 levels', '['.repeat(65) + ']'.repeat(65)],
])('%s: kept in quarantine as one event', async (_, body) => {
  const reading = await readBody(preset, body)

  expect(eventsOf(reading)).toEqual([
    expect.objectContaining({ type: 'unknown', unreadable: true }),
  ])
})

test('a hundred elements are taken', async () => {
  const reading = await read(preset, sent(elements(100)))

  expect(eventsOf(reading)).toHaveLength(100)
})

test('an object that a workflow sends is one event', async () => {
  const reading = await readBody(preset, '{"objectId":7,"subscriptionType":"workflow.action"}')

  expect(eventsOf(reading)).toEqual([
    expect.objectContaining({ type: 'workflow.action', subject: '7', data: undefined }),
  ])
})

test('twelve escapes of the URL are signed decoded, and no others', async () => {
  const decoded = "https://hooks.example.com/:/?@!$'()*,;?%20%2B%25%23"
  const encoded = 'https://hooks.example.com/%3A%2f%3F%40%21%24%27%28%29%2a%2C%3B?%20%2B%25%23'
  const request = composed(preset, { url: decoded })

  const judged = await judgeChanged(preset, request, { url: encoded })

  expect(judged.verified).toBe(true)
})

test('another URL, method, time or body is refused', async () => {
  const request = composed(preset)
  const later = { 'x-hubspot-request-timestamp': String(now.getTime() + 1) }

  const judged = await Promise.all([
    judgeChanged(preset, request, { url: `${request.request.url}?a=1` }),
    judgeChanged(preset, request, { method: 'PUT' }),
    judgeChanged(preset, request, { headers: later }),
    judgeChanged(preset, request, {
      body: Buffer.concat([request.request.body, Buffer.from(' ')]),
    }),
  ])

  expect(judged.map((each) => !each.verified && each.step)).toEqual(Array(4).fill('signature'))
})

test.each([-301_000, -300_000, 300_000, 301_000])('%i ms from its time', async (off) => {
  const judged = await judge(preset, composed(preset), now.getTime() + off)

  expect(judged.verified).toBe(Math.abs(off) <= 300_000)
})

test('signatures of the first two versions do not count', async () => {
  const { request, keys } = composed(preset)
  const { 'x-hubspot-signature-v3': signature = '', ...headers } = request.headers

  const judged = await judge(preset, {
    keys,
    request: { ...request, headers: { ...headers, 'x-hubspot-signature': signature } },
  })

  expect(judged).toMatchObject({ verified: false, step: 'header' })
})
