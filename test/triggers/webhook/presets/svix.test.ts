import { Webhook } from 'svix'
import { expect, test } from 'vitest'
import { svix } from '../../../../src/triggers/webhook/presets/svix.ts'
import { composed, eventsOf, judge, judgeChanged, now, read } from './composed.ts'

const preset = svix('SECRET')
const good = composed(preset)
const { request } = good
const vendor = new Webhook(good.secret)

const standardHeaders = {
  'content-type': 'application/json',
  'webhook-id': 'sample-1',
  'webhook-timestamp': request.headers['svix-timestamp'] ?? '',
  'webhook-signature': request.headers['svix-signature'] ?? '',
}

test('what Svix’s library signs is verified, and the other way round', async () => {
  const recent = composed(preset, { now: new Date(), secret: good.secret })
  const text = Buffer.from(recent.request.body).toString()

  expect(vendor.sign('sample-1', now, Buffer.from(request.body).toString())).toBe(
    request.headers['svix-signature'],
  )
  expect(() => vendor.verify(text, recent.request.headers)).not.toThrow()
  await expect(judge(preset, good)).resolves.toMatchObject({ verified: true })
})

test('the headers of the standard do as well', async () => {
  const standard = { ...good, request: { ...request, headers: standardHeaders } }

  await expect(judge(preset, standard)).resolves.toMatchObject({ verified: true })
  expect(eventsOf(await read(preset, standard))).toMatchObject([
    { key: 'sample-1', type: 'user.created' },
  ])
})

test.each(Object.keys(standardHeaders).filter((name) => name.startsWith('webhook-')))(
  'headers of both families are refused: %s besides',
  async (name) => {
    const headers = {
      [name]: Object.entries(standardHeaders).find(([each]) => each === name)?.[1] ?? '',
    }

    await expect(judgeChanged(preset, good, { headers })).resolves.toMatchObject({
      verified: false,
      step: 'header',
    })
  },
)
