import { randomFillSync } from 'node:crypto'

// Filled once for many ids: asking the system for 10 bytes costs more than all the rest.
const pool = Buffer.allocUnsafe(10 * 256)
let used = pool.length

/** A new public id of an event: `evt_` and a UUID version 7 (RFC 9562), so that ids sort by time. */
export function newEventId(now: number = Date.now()): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const random = pool.toString('hex', used, used + 10)
  used += 10
  const time = now.toString(16).padStart(12, '0')
  const variant = '89ab'[Number.parseInt(random.charAt(3), 16) & 3]
  return `evt_${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(7, 19)}`
}
