import { codingOf, decode } from './content-coding.ts'
import type { Endpoint, Received } from './endpoint.ts'
import type { Open } from './open-off-loop.ts'
import { readVerified } from './read-verified.ts'
import type { RawRequest } from './request.ts'
import { verify } from './verify.ts'

/** Verifies a request, and only then reads it. */
export type Receive = (endpoint: Endpoint, request: RawRequest, now: Date) => Promise<Received>

/**
 * Makes what verifies the bytes as they came, takes their compression off and reads them, in this order. What was
 * signed and cannot be read is an event all the same, marked for quarantine.
 */
export const createReceive =
  (open: Open): Receive =>
  async (endpoint, request, now) => {
    const { preset, limitBytes } = endpoint
    const unsigned = preset.unsigned?.(request) ?? null
    if (unsigned !== null) return { outcome: 'answered', answer: unsigned }

    const judged = await verify(endpoint, request, now.getTime())
    if (!judged.verified) return { outcome: 'refused', step: judged.step, reason: judged.reason }

    const coding = codingOf(request.headers['content-encoding'])
    if (coding === 'identity') {
      return readVerified(judged, { endpoint, body: request.body, now, open })
    }
    const decoded = await decode(request.body, { coding, limitBytes })
    if (decoded.outcome === 'too_large') return decoded
    const body = decoded.outcome === 'decoded' ? decoded.body : null
    return readVerified(judged, { endpoint, body, now, open })
  }
