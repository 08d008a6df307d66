import { digestOf } from '../../inbox/digest.ts'

/** A key for what its sender gives no id: the same for the same content, which was signed. */
export const digestKey = (content: Uint8Array | string): string =>
  `sha256:${Buffer.from(digestOf(content)).toString('hex')}`
