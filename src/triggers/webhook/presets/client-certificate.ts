import {
  createHash,
  createSecretKey,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import { accepted, refused } from '../hmac.ts'
import type { Preset } from '../preset.ts'
import type { Secret } from '../secret.ts'
import { headerFault } from '../signature-header.ts'
import { sampleWith } from './compose.ts'
import { type Places, plainSamples, readAt } from './places.ts'

/** How a proxy that ends mutual TLS says whose certificate it saw. */
export interface CertificateOptions extends Places {
  /** The header with the certificate's fingerprint or subject. The proxy must overwrite what senders put there. */
  header: string
  /** The header in which it says whether the certificate is valid, such as nginx's `$ssl_client_verify`. */
  verifiedHeader?: string
  /** @default 'SUCCESS' */
  verifiedValue?: string
}

/**
 * Mutual TLS that a trusted proxy ends: its headers count only where the request came through one. The variable holds
 * fingerprints (SHA-1 or SHA-256 in hex, with or without colons) or subjects; a name in a subject such as
 * `CN=billing.example.com` is enough. Nothing of the request itself is signed.
 */
export function clientCertificate(
  variable: string,
  { header: given, verifiedHeader, verifiedValue = 'SUCCESS', ...places }: CertificateOptions,
): Preset {
  const header = given.toLowerCase()
  const verified = verifiedHeader?.toLowerCase()

  return {
    name: 'client-certificate',
    secret: certificateSecret(variable),
    signatureHeaders: [header, ...(verified === undefined ? [] : [verified])],
    needsProxy: true,
    verify({ headers, proxied }, keys) {
      if (!proxied) return refused('proxy', 'The request came through no trusted proxy.')
      for (const name of verified === undefined ? [header] : [header, verified]) {
        const fault = headerFault(name, headers[name])
        if (fault !== undefined) return refused('header', fault)
      }
      if (verified !== undefined && headers[verified] !== verifiedValue) {
        return refused('credentials', `The header ${verified} does not say ${verifiedValue}.`)
      }
      const names = namesIn(headers[header] ?? '').map(digestOf)
      const key = keys.findIndex((each) =>
        names.some((name) => timingSafeEqual(name, each.export())),
      )
      if (key !== -1) return accepted(key)
      return refused('credentials', 'The certificate is none of those that are configured.')
    },
    ...readAt(places),
    samples: plainSamples,
    compose: ({ data, id, url, secret }) => ({
      method: 'POST',
      url,
      headers: {
        'content-type': 'application/json',
        'idempotency-key': id,
        [header]: secret,
        ...(verified === undefined ? {} : { [verified]: verifiedValue }),
      },
      body: sampleWith(data, { id }),
    }),
  }
}

const certificateSecret = (variable: string): Secret => ({
  variable,
  meaning: 'Fingerprints or subjects of client certificates',
  // A digest, as names are no secrets: they may be short.
  keyOf: (name): KeyObject | string =>
    name === '' ? 'is empty' : createSecretKey(digestOf(normal(name))),
  make() {
    const fingerprint = randomBytes(32).toString('hex')
    return { verifying: fingerprint, signing: fingerprint }
  },
})

// The whole of it and, in a subject without escapes, each of its attributes.
function namesIn(said: string): string[] {
  const attributes = /[\\"+]/.test(said) ? [] : said.split(/[,/]/)
  return [normal(said), ...attributes.filter((each) => each.includes('='))]
}

const normal = (name: string): string =>
  /^[0-9a-f:]{40,}$/i.test(name) ? name.replaceAll(':', '').toLowerCase() : name

const digestOf = (name: string): Buffer => createHash('sha256').update(name).digest()
