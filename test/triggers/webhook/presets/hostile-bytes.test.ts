import { expect, test } from 'vitest'
import type { Preset } from '../../../../src/triggers/webhook/preset.ts'
import { presetsByName } from '../../../../src/triggers/webhook/presets/by-name.ts'
import type { RawRequest } from '../../../../src/triggers/webhook/request.ts'
import { type Composed, composed, judge, readBody } from './composed.ts'

const presets = Object.entries(presetsByName).map(([name, make]): [string, Preset] => [
  name,
  make('SECRET'),
])
// What these believe does not cover the body; of Twilio's it covers what a form says, not how it is written.
const bodiesUnsigned = [
  'basic',
  'bearer',
  'client-certificate',
  'mailgun',
  'postmark',
  'salesforce',
  'twilio',
]
const signing = presets.filter(([name]) => !bodiesUnsigned.includes(name))
const ROUNDS = 100

/** Numbers from 0 up to a limit, the same in every run: mulberry32. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

type Next = ReturnType<typeof numbersFrom>

const bytes = (next: Next, length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => next(256)))

// Text of headers: Node hands over each byte as a character.
const text = (next: Next): string => bytes(next, next(80)).toString('latin1')

function spoiled(body: Uint8Array, next: Next): Buffer {
  const changed = Buffer.from(body)
  const at = next(Math.max(changed.length, 1))
  switch (next(5)) {
    case 0:
      return changed.subarray(0, at)
    case 1:
      return Buffer.concat([changed, bytes(next, 1 + next(9))])
    case 2:
      return Buffer.concat([changed.subarray(0, at), changed.subarray(at + 1)])
    case 3:
      return bytes(next, next(400))
    default:
      if (changed.length > 0) changed[at] = (changed[at] ?? 0) ^ (1 << next(8))
      return changed
  }
}

function samplesOf(preset: Preset): Composed[] {
  return Object.keys(preset.samples).map((type) => composed(preset, { type }))
}

const verdictOf = async (
  preset: Preset,
  { keys }: Composed,
  request: RawRequest,
): Promise<boolean> => (await judge(preset, { request, keys })).verified

test.each(presets)('%s: its samples hold', async (_, preset) => {
  const verdicts = await Promise.all(
    samplesOf(preset).map((sample) => verdictOf(preset, sample, sample.request)),
  )

  expect(verdicts).toEqual(verdicts.map(() => true))
  expect(verdicts.length).toBeGreaterThan(0)
})

test.each(signing)('%s: a spoiled body is refused', async (_, preset) => {
  const next = numbersFrom(1)
  const taken: string[] = []

  for (const sample of samplesOf(preset)) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const body = spoiled(sample.request.body, next)
      if (body.equals(sample.request.body)) continue
      const isTaken = await verdictOf(preset, sample, { ...sample.request, body })
      if (isTaken) taken.push(body.toString('latin1'))
    }
  }

  expect(taken).toEqual([])
})

test.each(presets)('%s: a spoiled signature is refused', async (_, preset) => {
  const [sample] = samplesOf(preset)
  if (sample === undefined) throw new Error('Expected a sample.')
  const { headers } = sample.request
  const taken: string[] = []

  for (const name of preset.signatureHeaders) {
    const value = headers[name]
    if (value === undefined) continue
    const spoilt = ['', `${value}, ${value}`, value.slice(0, -1), `${value}A`, `A${value}`]
    for (const signature of [...spoilt, 'A'.repeat(9_999)]) {
      const request = { ...sample.request, headers: { ...headers, [name]: signature } }
      if (await verdictOf(preset, sample, request)) taken.push(signature)
    }
  }

  expect(taken).toEqual([])
})

test.each(presets)('%s: noise is refused without a throw', async (_, preset) => {
  const next = numbersFrom(2)
  const [sample] = samplesOf(preset)
  if (sample === undefined) throw new Error('Expected a sample.')

  for (let round = 0; round < ROUNDS; round += 1) {
    const names = Object.keys(sample.request.headers)
    const request = {
      ...sample.request,
      method: text(next),
      url: text(next),
      headers: Object.fromEntries(names.map((name) => [name, text(next)])),
      body: bytes(next, next(400)),
    }
    expect(await verdictOf(preset, sample, request)).toBe(false)
  }
})

test.each(presets)('%s: nothing that was signed makes its reader throw', async (_, preset) => {
  const next = numbersFrom(3)
  const types = [...preset.mediaTypes, 'text/plain', 'multipart/form-data; boundary=b', '']
  const outcomes = new Set<string>()

  for (const { request } of samplesOf(preset)) {
    for (let round = 0; round < ROUNDS; round += 1) {
      const body = spoiled(request.body, next)
      const own = next(2) === 0 ? request.headers['content-type'] : undefined
      const reading = await readBody(preset, body, own ?? types[next(types.length)])
      const isEmpty = reading.outcome === 'events' && reading.events.length === 0
      outcomes.add(isEmpty ? 'nothing' : 'something')
    }
  }

  expect([...outcomes]).toEqual(['something'])
})

test.each([
  '[]',
  '{}',
  'null',
  '[null]',
  '1',
  '""',
  '[[]]',
  '{"type":null}',
  '[{"eventId":1,"subscriptionId":{}}]',
  '[{"timestamp":1e300}]',
  '{"id":[],"type":2,"data":1}',
  '{"__proto__":{"type":1}}',
  '\uFEFF{}',
  '\0',
  '['.repeat(100_000),
  '{"a":'.repeat(100_000),
])('%.40j reads as something in every preset', async (body) => {
  for (const [, preset] of presets) {
    const reading = await readBody(preset, body)
    expect(reading.outcome).toMatch(/^(events|handshake)$/)
  }
})
