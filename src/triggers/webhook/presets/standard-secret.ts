import { createPrivateKey, type KeyObject } from 'node:crypto'
import { ed25519PublicKey, type Secret, strictBase64, whsecKey, whsecSecret } from '../secret.ts'

/** A secret `whsec_…` or a public key `whpk_…`; both kinds in one variable while one replaces the other. */
export const standardSecret = (variable: string): Secret => ({
  ...whsecSecret(variable),
  meaning: 'Signing secret, whsec_…, or public key, whpk_…',
  keyOf: standardKey,
})

/** What signs: a secret `whsec_…` or a private key `whsk_…`. A string says what is wrong with it. */
export const standardSigningKey = (secret: string): KeyObject | string =>
  secret.startsWith(PRIVATE) ? privateKey(secret) : whsecKey(secret)

const PUBLIC = 'whpk_'
const PRIVATE = 'whsk_'
const RAW_BYTES = 32

function standardKey(secret: string): KeyObject | string {
  if (secret.startsWith(PRIVATE)) return 'is a private key: verifying takes the public one, whpk_…'
  if (!secret.startsWith(PUBLIC)) return whsecKey(secret)
  const raw = strictBase64(secret.slice(PUBLIC.length))
  return raw?.length === RAW_BYTES ? ed25519PublicKey(raw) : 'is no base64 of 32 bytes behind whpk_'
}

// The seed, and in most cases the public key behind it.
function privateKey(secret: string): KeyObject | string {
  const raw = strictBase64(secret.slice(PRIVATE.length))
  if (raw?.length !== RAW_BYTES && raw?.length !== 2 * RAW_BYTES) {
    return 'is no base64 of 32 or 64 bytes behind whsk_'
  }
  const der = Buffer.concat([ED25519_PKCS8, raw.subarray(0, RAW_BYTES)])
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
}

// Per RFC 8410: version 0, the algorithm id-Ed25519, and the head of the octets that hold the seed.
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
