import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'

/** Where a preset finds what it verifies with, and what that looks like. */
export interface Secret {
  /** The environment variable; several secrets separated by commas while one is rotated. */
  variable: string
  /** What stands in it, for people. */
  meaning: string
  /** The secrets of a variable; by commas where absent. */
  split?(text: string): string[]
  /** The key of a secret as an operator pastes it; a string says what is wrong with it. */
  keyOf(secret: string): KeyObject | string
  /** A new one for development: what the server verifies with, and what a sender signs with. */
  make(): { verifying: string; signing: string }
}

/** A key with fewer bytes can be guessed: the start is refused. Tests of single requests may have shorter ones. */
export const SHORTEST_KEY_BYTES = 16

// Shorter ones are taken, with a warning.
const RECOMMENDED_KEY_BYTES = 24

/** Whether a key is shorter than it should be. */
export const isShort = ({ symmetricKeySize = RECOMMENDED_KEY_BYTES }: KeyObject): boolean =>
  symmetricKeySize < RECOMMENDED_KEY_BYTES

/** The secrets in a variable, without the space around them. */
export const secretsIn = (text: string, { split }: Pick<Secret, 'split'>): string[] =>
  (split?.(text) ?? text.split(',')).map((secret) => secret.trim())

/** What is wrong with a secret that is to guard an endpoint; undefined where nothing is. */
export function faultOf({ keyOf }: Pick<Secret, 'keyOf'>, secret: string): string | undefined {
  const key = keyOf(secret)
  if (typeof key === 'string') return key
  const size = key.symmetricKeySize ?? SHORTEST_KEY_BYTES
  return size < SHORTEST_KEY_BYTES ? `is shorter than ${SHORTEST_KEY_BYTES} bytes` : undefined
}

/** A secret whose own characters are the key. */
export const textSecret = (variable: string, meaning = 'Signing secret'): Secret => ({
  variable,
  meaning,
  keyOf: textKey,
  make: () => symmetric(randomBytes(32).toString('hex')),
})

/** The characters of a secret as a key. Everybody may know the public half of a pair: as a secret it would let them in. */
export function textKey(secret: string): KeyObject | string {
  if (secret === '') return 'is empty'
  return /^wh[ps]k_/.test(secret)
    ? 'is a key of a pair, whpk_ or whsk_, and no secret'
    : createSecretKey(Buffer.from(secret))
}

/** A secret whose key is the base64 behind `whsec_`: Standard Webhooks 1.0.0. */
export const whsecSecret = (variable: string): Secret => ({
  variable,
  meaning: 'Signing secret, whsec_…',
  keyOf: whsecKey,
  make: () => symmetric(`whsec_${randomBytes(32).toString('base64')}`),
})

/** The base64 behind `whsec_` as a key. */
export function whsecKey(secret: string): KeyObject | string {
  const key = strictBase64(secret.replace(/^whsec_/, ''))
  return key === null || key.length === 0 ? 'is no base64 behind whsec_' : createSecretKey(key)
}

const symmetric = (secret: string) => ({ verifying: secret, signing: secret })

/** An Ed25519 public key from its 32 raw bytes. Throws where they are no key. */
export const ed25519PublicKey = (raw: Buffer): KeyObject =>
  createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') },
    format: 'jwk',
  })

/** A private key from its PKCS #8 in base64, as those that are made for development have it. */
export function pkcs8Key(secret: string): KeyObject | string {
  try {
    return createPrivateKey({ key: Buffer.from(secret, 'base64'), format: 'der', type: 'pkcs8' })
  } catch {
    return 'is no private key, PKCS #8 in base64'
  }
}

/** A new Ed25519 pair: the raw public key, and the private one as PKCS #8 in base64. */
export function makeEd25519(): { publicKey: Buffer; privateKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).subarray(-32),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
  }
}

/** The bytes of canonical base64 with its padding; null for anything else, as `Buffer` would pass over what it does not know. */
export const strictBase64 = (text: string): Buffer | null =>
  text.length % 4 === 0 && BASE64.test(text) ? Buffer.from(text, 'base64') : null

// In the last character before the padding, the bits that stand for no byte are zero.
const BASE64 = /^[A-Za-z0-9+/]*(?:[AEIMQUYcgkosw048]=|[AQgw]==)?$/

/** The bytes of lower-case hex digits; null for anything else. */
export const strictHex = (text: string): Buffer | null =>
  text.length % 2 === 0 && !/[^0-9a-f]/.test(text) ? Buffer.from(text, 'hex') : null
