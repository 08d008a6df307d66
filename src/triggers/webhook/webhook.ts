import type { Preset } from './preset.ts'

/** A source of events that others post to `/hooks/<source>`. */
export interface Webhook {
  kind: 'webhook'
  preset: Preset
  /** Larger bodies are refused with 413. */
  limitBytes: number
}

const MEGABYTE = 1024 * 1024

/** An endpoint that takes what its preset verifies; bodies up to 1 MB, or up to what the preset's provider sends. */
export function webhook({
  verify,
  limitBytes = verify.limitBytes ?? MEGABYTE,
}: {
  verify: Preset
  limitBytes?: number
}): Webhook {
  return { kind: 'webhook', preset: verify, limitBytes }
}
