import { publicKeySigner } from '../public-key.ts'
import { ed25519PublicKey, makeEd25519, type Secret, strictHex } from '../secret.ts'
import { single } from '../signature-header.ts'
import type { Signer } from '../signature-scheme.ts'

/** What both kinds of Discord's webhooks have in common. */
interface DiscordSignature {
  secret: Secret
  signer: Signer
  signatureHeaders: readonly string[]
}

const KEY_BYTES = 32
const SIGNATURE_BYTES = 64
const HEADER = 'x-signature-ed25519'

/** Ed25519 over time and body. Discord names no window for the time; its own library does not look at it at all. */
export const discordSignature = (
  variable: string,
  { toleranceSeconds }: { toleranceSeconds: number },
): DiscordSignature => ({
  secret: publicKeySecret(variable),
  signer: publicKeySigner({
    hash: null,
    header: HEADER,
    form: single(),
    encoding: 'hex',
    decode(signature) {
      const bytes = strictHex(signature)
      return bytes?.length === SIGNATURE_BYTES ? bytes : null
    },
    time: { header: 'x-signature-timestamp', unit: 's', toleranceSeconds },
    signed: '{time}{body}',
  }),
  signatureHeaders: [HEADER],
})

const publicKeySecret = (variable: string): Secret => ({
  variable,
  meaning: 'Public key of the application, 64 hex digits',
  keyOf(secret) {
    const raw = strictHex(secret.toLowerCase())
    return raw?.length === KEY_BYTES ? ed25519PublicKey(raw) : 'is no public key of 64 hex digits'
  },
  make() {
    const { publicKey, privateKey } = makeEd25519()
    return { verifying: publicKey.toString('hex'), signing: privateKey }
  },
})
