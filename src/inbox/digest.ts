import { hash } from 'node:crypto'

/** SHA-256 of what a sender says, by which two deliveries under one key are told apart. */
export const digestOf = (content: Uint8Array | string): Uint8Array =>
  hash('sha256', content, 'buffer')
