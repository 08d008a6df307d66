import { withoutCredentials } from '../../contracts/headers.ts'
import type { StoredRequest } from '../../inbox/event-details.ts'
import type { VerificationStep } from './preset.ts'
import { type Lock, verify } from './verify.ts'

/** What today's keys say of a stored request. */
interface Reverified {
  valid: boolean
  step?: VerificationStep
  reason?: string
}

/**
 * Judges stored requests again, each at its time of receipt, with the keys of today: after a rotation an old one may
 * no longer hold. What a sender shows as a password is kept nowhere, and cannot be judged.
 */
export function createReverify(
  endpoints: readonly (Lock & { source: string })[],
): (stored: StoredRequest) => Promise<Reverified> {
  const bySource = new Map(endpoints.map((endpoint) => [endpoint.source, endpoint]))

  return async ({ source, receivedAt, ...stored }) => {
    const endpoint = bySource.get(source)
    if (endpoint === undefined) {
      return { valid: false, reason: `'${source}' is no source of webhooks: nothing was signed.` }
    }
    const lost = endpoint.preset.signatureHeaders.filter(isCredential)
    if (lost.length > 0) {
      const reason = `Nothing of it is kept that could be judged: ${lost.join(', ')} let anybody in.`
      return { valid: false, step: 'credentials', reason }
    }
    // Where a proxy had to say something, it was there: the event would not have been kept.
    const request = { ...stored, address: undefined, proxied: true }
    const judged = await verify(endpoint, request, Date.parse(receivedAt))
    return judged.verified
      ? { valid: true }
      : { valid: false, step: judged.step, reason: judged.reason }
  }
}

const isCredential = (header: string): boolean => !(header in withoutCredentials({ [header]: '' }))
