/** How a scheme writes down when it signed. */
export interface TimeRule {
  unit: 's' | 'ms'
  /** How far it may lie from now, back and ahead; 300 in every scheme that says nothing else. */
  toleranceSeconds: number
}

/** A time that holds, in Unix milliseconds, or why it does not. */
export type SignedTime = { ok: true; ms: number } | { ok: false; reason: string }

/** Reads a time of digits alone and holds it against now, both ways. */
export function readSignedTime(
  text: string,
  { unit, toleranceSeconds }: TimeRule,
  nowMs: number,
): SignedTime {
  if (!/^\d{1,13}$/.test(text))
    return { ok: false, reason: 'The time is no number of 1 to 13 digits.' }
  const ms = unit === 's' ? Number(text) * 1_000 : Number(text)
  // Schemes that count seconds cannot be off by less than one.
  const offSeconds = unit === 's' ? Math.floor(nowMs / 1_000) - ms / 1_000 : (nowMs - ms) / 1_000
  if (Math.abs(offSeconds) <= toleranceSeconds) return { ok: true, ms }
  const side = offSeconds > 0 ? 'past' : 'future'
  const reason = `The time lies ${Math.abs(offSeconds)} s in the ${side}; at most ${toleranceSeconds} s are allowed.`
  return { ok: false, reason }
}
