import { expect, test } from 'vitest'
import { linear } from '../../../../src/triggers/webhook/presets/linear.ts'
import { composed, eventsOf, judge, judgeChanged, now, read } from './composed.ts'

const preset = linear('LINEAR_WEBHOOK_SECRET')
const good = composed(preset)

test('the time in the body counts, a minute each way', async () => {
  const judged = await Promise.all(
    [-60_001, -60_000, 60_000, 60_001].map((off) => judge(preset, good, now.getTime() + off)),
  )

  expect(judged.map(({ verified }) => verified)).toEqual([false, true, true, false])
})

test('the time in the header does not, whatever it says', async () => {
  const headers = { 'linear-timestamp': String(now.getTime() + 1_000_000) }

  await expect(judgeChanged(preset, good, { headers })).resolves.toMatchObject({ verified: true })
})

test('the time is looked at only once the signature holds', async () => {
  const body = Buffer.from('{"webhookTimestamp":1}')

  await expect(judgeChanged(preset, good, { body })).resolves.toMatchObject({
    verified: false,
    step: 'signature',
  })
})

test('type, subject and key are read', async () => {
  expect(eventsOf(await read(preset, good))).toEqual([
    {
      key: 'sample-1',
      type: 'Issue.create',
      subject: 'ENG-7',
      time: '2026-05-01T10:00:00.000Z',
    },
  ])
})
