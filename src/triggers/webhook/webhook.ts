import type { Preset } from './preset.ts'

/** A source of events that others post to `/hooks/<source>`. */
export interface Webhook {
  kind: 'webhook'
  preset: Preset
  /** Larger bodies are refused with 413. */
  limitBytes: number
  /** The variable with the addresses from which alone it is taken, as networks separated by commas. */
  addressesVariable?: string
  /** How long a key is remembered, and with it the event. */
  remembersDays: number
  /** After how many minutes an event that nobody could dispatch expires; never where absent. */
  expiresAfterMinutes?: number
}

interface WebhookOptions {
  verify: Preset
  /** @default 1 MB, or what the preset's provider sends */
  limitBytes?: number
  /** A variable with networks such as `192.0.2.0/24,2001:db8::/32`; others get 403. Any address where absent. */
  addresses?: string
  /** At least as long as the provider goes on trying. @default 7, or what the preset's provider needs */
  remembersDays?: number
  expiresAfterMinutes?: number
}

const MEGABYTE = 1024 * 1024
const WEEK = 7

/**
 * An endpoint that takes what its preset verifies. Throws where keys would be forgotten while the provider may still
 * deliver again.
 */
export function webhook({
  verify,
  limitBytes = verify.limitBytes ?? MEGABYTE,
  addresses = verify.addressesVariable,
  remembersDays = verify.remembersDays ?? WEEK,
  expiresAfterMinutes = verify.expiresAfterMinutes,
}: WebhookOptions): Webhook {
  const least = verify.remembersDays ?? WEEK
  if (remembersDays < least) {
    throw new Error(
      `Expected remembersDays of at least ${least} for ${verify.name}, received ${remembersDays}.`,
    )
  }
  return {
    kind: 'webhook',
    preset: verify,
    limitBytes,
    remembersDays,
    ...(addresses === undefined ? {} : { addressesVariable: addresses }),
    ...(expiresAfterMinutes === undefined ? {} : { expiresAfterMinutes }),
  }
}
