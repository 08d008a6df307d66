import { expect, test } from 'vitest'
import { formatDollars, parseDollars } from '../../src/contracts/money.ts'

test.each([
  ['5', 5_000_000],
  ['5.00', 5_000_000],
  ['$0.25', 250_000],
  ['0.000001', 1],
  ['1.1', 1_100_000],
  ['1.005', 1_005_000],
  ['999999999.999999', 999_999_999_999_999],
])('%s is read without floats', (text, micros) => {
  expect(parseDollars(text)).toBe(micros)
})

test.each(['', '.5', '5.', '-1', '1e3', '1,000', '0.0000001', '1000000000', 'five'])(
  '%s is no amount',
  (text) => {
    expect(parseDollars(text)).toBeNull()
  },
)

test.each([
  [0, '$0.00'],
  [1, '$0.000001'],
  [2_500, '$0.0025'],
  [5_000_000, '$5.00'],
  [1_230_000, '$1.23'],
  [1_234_500, '$1.2345'],
  [-30_000, '-$0.03'],
  [25_000_000_000, '$25000.00'],
])('%i micro-dollars are written %s', (micros, text) => {
  expect(formatDollars(micros)).toBe(text)
})
