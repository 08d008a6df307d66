const RAMP_MS = 60_000
// A few calls at once harm nobody: up to here they come back 100 ms apart.
const EACH_MS = 100

/**
 * How long the call at `index` of `count` waits after its provider has come back, in milliseconds, so that they do
 * not come in one herd: over a minute at most, at a tenth of the rate in the beginning and at ten times that in the end.
 */
export function releaseAfterMs({ index, count }: { index: number; count: number }): number {
  const overMs = Math.min(RAMP_MS, count * EACH_MS)
  // The rate grows as 0.1 + 0.9 x; what was let in by x is 0.1 x + 0.45 x², of 0.55 in all.
  const share = (0.55 * index) / Math.max(1, count)
  return ((Math.sqrt(0.01 + 1.8 * share) - 0.1) / 0.9) * overMs
}
