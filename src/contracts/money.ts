/** Millionths of a dollar in one dollar. Money is a whole number of these everywhere; nothing adds fractions. */
export const MICROS_PER_DOLLAR = 1_000_000

// Nine digits of dollars keep every sum below 2^53 micro-dollars.
const DOLLARS = /^\$?(\d{1,9})(?:\.(\d{1,6}))?$/

/** Micro-dollars of decimal text such as `5`, `$0.25` or `0.000001`, without floats; null where it is none. */
export function parseDollars(text: string): number | null {
  const [, whole, fraction = ''] = DOLLARS.exec(text.trim()) ?? []
  if (whole === undefined) return null
  return Number(whole) * MICROS_PER_DOLLAR + Number(fraction.padEnd(6, '0'))
}

/** `$5.00`, `$0.0025`: cents at least, and as many more digits as there are. */
export function formatDollars(micros: number): string {
  const sign = micros < 0 ? '-' : ''
  const digits = String(Math.abs(micros)).padStart(7, '0')
  const fraction = digits.slice(-6).replace(/0{1,4}$/, '')
  return `${sign}$${digits.slice(0, -6)}.${fraction}`
}
