import type { KeyObject } from 'node:crypto'
import type { ComposedRequest, Sampling } from '../preset.ts'
import type { Signer } from '../signature-scheme.ts'

interface Unsigned {
  signer: Pick<Signer, 'sign'>
  /** The key that signs. */
  keyOf(secret: string): KeyObject | string
  body: Uint8Array
  /** Everything but the signature; what is signed of them included. */
  headers: Record<string, string>
}

/** Signs a sample in the scheme of its sender. Throws where the secret is none. */
export function composeSigned(
  { url, secret, now }: Sampling,
  { signer, keyOf, body, headers }: Unsigned,
): ComposedRequest {
  const key = keyOf(secret)
  if (typeof key === 'string') throw new Error(`The secret ${key}.`)
  const method = 'POST'
  const signature = signer.sign({ method, url, headers, body }, key, now)
  return { method, url, headers: { ...headers, ...signature }, body }
}

/** Sends a sample whose sender signs nothing, under headers that say who it is. */
export const composeUnsigned = (
  { data, id, url }: Sampling,
  headers: Record<string, string>,
): ComposedRequest => ({
  method: 'POST',
  url,
  headers: { 'content-type': 'application/json', 'idempotency-key': id, ...headers },
  body: sampleWith(data, { id }),
})

/** A sample as JSON that differs from sample to sample: where nobody signs the id, equal bodies are one event. */
export const distinctBody = ({ data, id }: Sampling): Uint8Array => sampleWith(data, { sample: id })

/** A sample as JSON in which these members are set; what is no object stays as it is. */
export const sampleWith = (data: unknown, members: Record<string, unknown>): Uint8Array =>
  jsonBody(
    typeof data === 'object' && data !== null && !Array.isArray(data)
      ? { ...data, ...members }
      : data,
  )

/** A sample as JSON, under the content type of JSON. */
export const jsonBody = (data: unknown): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(data))

/** The members of a sample; none where it is no object. */
export const objectOf = (data: unknown): object =>
  typeof data === 'object' && data !== null ? data : {}
