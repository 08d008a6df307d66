import { withSecretsMasked } from '../../contracts/headers.ts'
import type { StoredEvent } from '../../inbox/event-details.ts'
import { createMaskBody } from './mask-body.ts'
import type { Preset } from './preset.ts'

/** Hides in events, before they are shown, what would let their reader in somewhere or act in the sender's name. */
export function createMaskEvent(
  endpoints: readonly { source: string; preset: Preset }[],
): (event: StoredEvent) => StoredEvent {
  const maskBody = createMaskBody(endpoints)
  const signatureHeaders = new Map(
    endpoints.map(({ source, preset }) => [source, preset.signatureHeaders]),
  )
  return (event) => ({
    ...event,
    headers: withSecretsMasked(event.headers, signatureHeaders.get(event.source) ?? []),
    body: maskBody(event.source, event.body),
  })
}
