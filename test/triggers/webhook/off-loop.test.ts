import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { printMultipart } from '../../../src/triggers/webhook/multipart.ts'
import { openBody } from '../../../src/triggers/webhook/open-body.ts'
import { createOpen } from '../../../src/triggers/webhook/open-off-loop.ts'
import type { Preset } from '../../../src/triggers/webhook/preset.ts'
import * as presets from '../../../src/triggers/webhook/presets/index.ts'
import { createReceive } from '../../../src/triggers/webhook/receive.ts'
import { type Composed, composed, now } from './presets/composed.ts'

const MEGABYTE = 1024 * 1024
const receive = createReceive(createOpen())

/** The events of a request. */
async function eventsOf(preset: Preset, { request, keys }: Pick<Composed, 'request' | 'keys'>) {
  const { limitBytes = MEGABYTE } = preset
  const received = await receive({ source: 'source', preset, keys, limitBytes }, request, now)
  if (received.outcome !== 'events') throw new Error(`Expected events: ${received.outcome}.`)
  return received.delivery.events
}

/** CPU time that this thread alone spends on some work, in milliseconds: the least of five, as its engine warms up. */
async function cpuMs(work: () => unknown): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < 5; round += 1) {
    const start = process.threadCpuUsage()
    await work()
    const { user, system } = process.threadCpuUsage(start)
    times.push((user + system) / 1_000)
  }
  return Math.min(...times)
}

const salesforce = presets.salesforce('SECRET', { header: 'x-certificate', addresses: 'LIST' })
const mailgun = presets.mailgun('SECRET')

function largeMessage(): Composed {
  const fields = Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [`Field${index}__c`, `A & B ${index}`]),
  )
  const sent = composed(salesforce, { data: { Id: '006', ...fields } })
  const text = Buffer.from(sent.request.body).toString()
  const [notification = ''] = /<Notification>.*<\/Notification>/s.exec(text) ?? []
  const others = Array.from({ length: 99 }, (_, index) =>
    notification.replace('sample-1', `sample-${index + 2}`),
  )
  const body = Buffer.from(text.replace(notification, [notification, ...others].join('')))
  return { ...sent, request: { ...sent.request, body } }
}

function largeMail(): Composed {
  const sent = composed(mailgun)
  const timestamp = String(now.getTime() / 1_000)
  const token = 'a'.repeat(50)
  const signature = createHmac('sha256', sent.secret)
    .update(timestamp + token)
    .digest('hex')
  const fields = { timestamp, token, signature, recipient: 'a@example.net' }
  const parts = Object.entries(fields).map(([name, text]) => ({ name, content: Buffer.from(text) }))
  const file = { name: 'attachment-1', fileName: 'a', content: Buffer.alloc(MEGABYTE, 1) }
  const text = { name: 'body-plain', content: Buffer.alloc(23 * MEGABYTE, 0x61) }
  const body = printMultipart('b', [text, ...parts, file])
  const headers = { 'content-type': 'multipart/form-data; boundary=b' }
  return { ...sent, request: { ...sent.request, headers, body } }
}

test.each([
  ['a hundred notifications of Salesforce', salesforce, largeMessage(), 100],
  ['a mail of 24 MB', mailgun, largeMail(), 1],
])(
  'the thread that answers others does not open %s itself',
  async (_, preset, sent, count) => {
    const { headers, body } = sent.request
    const { opening } = preset
    const closed = { contentType: headers['content-type'] ?? '', body, volatile: [], opening }

    const events = await eventsOf(preset, sent)
    const receivingMs = await cpuMs(() => eventsOf(preset, sent))
    const openingMs = await cpuMs(() => openBody(closed))

    expect(body.length).toBeGreaterThan(MEGABYTE)
    expect(events).toHaveLength(count)
    expect(events[0]?.quarantine).toBeUndefined()
    // Copying the body into the other thread and blanking sessions is what is left.
    expect(receivingMs).toBeLessThan(openingMs * 0.75)
  },
  60_000,
)
