import { expect, test } from 'vitest'
import { stopAtDoor } from '../../../src/triggers/webhook/door.ts'
import type { Preset } from '../../../src/triggers/webhook/preset.ts'
import { presetsByName } from '../../../src/triggers/webhook/presets/by-name.ts'
import { composed } from './presets/composed.ts'

const presets = Object.entries(presetsByName).map(([name, make]): [string, Preset] => [
  name,
  make('SECRET'),
])
const room = { hasRoomFor: () => true }

/** What an address that is not listed is told. */
function toldToStrangers(preset: Preset): string | undefined {
  const { request, keys } = composed(preset)
  const endpoint = { source: 'source', preset, keys, limitBytes: 1, allows: () => false }
  const arrival = { ...request, address: '192.0.2.1', path: '/', publicUrl: '' }
  return stopAtDoor(endpoint, arrival, { isShedding: false, room })?.code
}

test.each(presets)('%s is told nothing that ends its deliveries for ever', (_, preset) => {
  const { stopsOn = [] } = preset
  // What the door answers besides: the statuses of every code there is, and of failures.
  const others = [400, 401, 404, 405, 413, 415, 429, 500, 503]

  expect(toldToStrangers(preset)).toBe(stopsOn.includes(403) ? 'unauthorized' : 'forbidden')
  expect(others.filter((status) => stopsOn.includes(status))).toEqual([])
})

test('Postmark ends its deliveries after 403, Mailgun after 406', () => {
  const stops = presets.filter(([, { stopsOn }]) => stopsOn !== undefined)

  expect(stops.map(([name, { stopsOn }]) => [name, stopsOn])).toEqual([
    ['mailgun', [406]],
    ['postmark', [403]],
  ])
})
