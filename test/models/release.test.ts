import { expect, test } from 'vitest'
import { releaseAfterMs } from '../../src/models/release.ts'

const timesOf = (count: number): number[] =>
  Array.from({ length: count }, (_, index) => releaseAfterMs({ index, count }))

test('runs that waited come back over a minute, slowly at first', () => {
  const times = timesOf(6_000)

  expect(times[0]).toBe(0)
  expect(times.at(-1)).toBeGreaterThan(59_000)
  expect(times.at(-1)).toBeLessThanOrEqual(60_000)
  // An even spread would be a thousand.
  expect(times.filter((ms) => ms < 10_000).length).toBeLessThan(450)
  expect(times.filter((ms) => ms >= 50_000).length).toBeGreaterThan(1_500)
})

test('a handful comes back at once, and in its order', () => {
  const times = timesOf(5)

  expect(times.at(-1)).toBeLessThan(500)
  expect(times.toSorted((one, two) => one - two)).toEqual(times)
})

test('nobody is nothing to divide by', () => {
  expect(releaseAfterMs({ index: 0, count: 0 })).toBe(0)
})
