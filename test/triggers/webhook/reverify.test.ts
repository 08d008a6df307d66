import { expect, test } from 'vitest'
import { basic, github, stripe } from '../../../src/triggers/webhook/presets/index.ts'
import type { Preset } from '../../../src/triggers/webhook/preset.ts'
import { createReverify } from '../../../src/triggers/webhook/reverify.ts'
import { composed, now } from './presets/composed.ts'

/** A stored request of a preset, and what judges it again. */
function stored(preset: Preset) {
  const { request, keys } = composed(preset)
  const { method, url, headers, body } = request
  const judge = createReverify([{ source: 'sender', preset, keys }])
  return {
    request: { source: 'sender', method, url, headers, body, receivedAt: now.toISOString() },
    judge,
  }
}

test('a stored request holds for ever, at its time of receipt', async () => {
  const { request, judge } = stored(stripe('SECRET'))

  await expect(judge(request)).resolves.toEqual({ valid: true })
})

test('a stored request says which step fails after a rotation, or at another time', async () => {
  const { request } = stored(stripe('SECRET'))
  const rotated = stored(stripe('SECRET'))

  const late = { ...request, receivedAt: new Date(now.getTime() + 3_600_000).toISOString() }

  await expect(rotated.judge(request)).resolves.toMatchObject({ valid: false, step: 'signature' })
  await expect(stored(stripe('SECRET')).judge(late)).resolves.toMatchObject({
    valid: false,
    step: 'time',
  })
})

test('a stored body that was changed does not hold', async () => {
  const { request, judge } = stored(github('SECRET'))

  const verdict = await judge({ ...request, body: Buffer.from('{}') })

  expect(verdict).toMatchObject({ valid: false, step: 'signature' })
})

test('credentials were not kept, and the verdict says so', async () => {
  const { request, judge } = stored(basic('SECRET'))

  expect(await judge(request)).toEqual({
    valid: false,
    step: 'credentials',
    reason: expect.stringContaining('authorization'),
  })
})

test('what came through the API was never signed', async () => {
  const { request, judge } = stored(github('SECRET'))

  expect(await judge({ ...request, source: 'internal' })).toMatchObject({ valid: false })
})
