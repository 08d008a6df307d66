/** The middle value, or the mean of the two in the middle. NaN for none. */
export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** The value below which that share of the others lies, interpolated. NaN for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right)
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)]
  const above = sorted[Math.ceil(place)]
  if (below === undefined || above === undefined) return Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

// More than this of others, in cores, and a round says little.
const QUIET = 0.3

/** The median over those rounds in which others left the machine alone; over all where there was no such round. */
export function medianOfQuiet<Round>(
  rounds: readonly Round[],
  value: (round: Round) => number,
  otherLoad: (round: Round) => number,
): number {
  const quiet = rounds.filter((round) => otherLoad(round) <= QUIET)
  return median((quiet.length > 0 ? quiet : rounds).map(value))
}
