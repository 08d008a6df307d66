import {
  createHash,
  createSecretKey,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import { attributesOf, cutAt } from '../distinguished-name.ts'
import { accepted, refused } from '../hmac.ts'
import type { Preset } from '../preset.ts'
import type { Secret } from '../secret.ts'
import { headerFault, sentTwice, sizeFault } from '../signature-header.ts'
import { composeUnsigned } from './compose.ts'
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
 * fingerprints (SHA-1 or SHA-256 in hex, with or without colons) or subjects, which semicolons or line breaks separate.
 * One attribute of a subject such as `CN=billing.example.com` is enough where the proxy writes subjects in the form of
 * RFC 2253; others, such as `/O=Acme/CN=a`, count as a whole. Nothing of the request itself is signed.
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
    signsBody: false,
    verify({ headers, proxied }, keys) {
      if (!proxied) return refused('proxy', 'The request came through no trusted proxy.')
      const said = headers[header] ?? ''
      const fault = verified === undefined ? undefined : headerFault(verified, headers[verified])
      const saidFault = sizeFault(header, said) ?? (wasSentTwice(said) ? sentTwice(header) : fault)
      if (saidFault !== undefined) return refused('header', saidFault)
      if (verified !== undefined && headers[verified] !== verifiedValue) {
        return refused('credentials', `The header ${verified} does not say ${verifiedValue}.`)
      }
      const names = namesIn(said).map(digestOf)
      const key = keys.findIndex((each) =>
        names.some((name) => timingSafeEqual(name, each.export())),
      )
      if (key !== -1) return accepted(key)
      return refused('credentials', 'The certificate is none of those that are configured.')
    },
    ...readAt(places),
    samples: plainSamples,
    compose: (sampling) =>
      composeUnsigned(sampling, {
        [header]: sampling.secret,
        ...(verified === undefined ? {} : { [verified]: verifiedValue }),
      }),
  }
}

const certificateSecret = (variable: string): Secret => ({
  variable,
  meaning: 'Fingerprints or subjects of client certificates',
  split: readNames,
  // A digest, as names are no secrets: they may be short.
  keyOf(name): KeyObject | string {
    if (name === '') return 'is empty'
    const isName = FINGERPRINT.test(name) || name.startsWith('/') || attributesOf(name) !== null
    return isName
      ? createSecretKey(digestOf(normal(name)))
      : 'is neither a fingerprint nor a subject such as CN=a,O=b or /O=b/CN=a'
  },
  make() {
    const fingerprint = randomBytes(32).toString('hex')
    return { verifying: fingerprint, signing: fingerprint }
  },
})

const FINGERPRINT = /^[0-9a-f:]{40,}$/i

// Semicolons and line breaks separate names. The commas of a subject are its own, those between fingerprints separate.
function readNames(text: string): string[] {
  const names = cutAt(';', text.replaceAll(/\r?\n/g, ';')) ?? [text]
  return names
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .flatMap((name) => (name.includes('=') ? [name] : name.split(',')))
}

// The whole of it and, in a subject that can be taken apart, each of its attributes that stands alone.
function namesIn(said: string): string[] {
  const alone = attributesOf(said)?.filter((each) => cutAt('+', each)?.length === 1) ?? []
  return [normal(said), ...alone.map((each) => `${SUBJECT}${each}`)]
}

// Node joins what was sent twice with a comma and a space. In a subject such a comma would be escaped or in quotes.
const wasSentTwice = (said: string): boolean =>
  !said.startsWith('/') && cutAt(',', said)?.some((part) => part.startsWith(' ')) === true

function normal(name: string): string {
  if (FINGERPRINT.test(name)) return name.replaceAll(':', '').toLowerCase()
  const attributes = attributesOf(name)
  return attributes === null ? `text ${name}` : `${SUBJECT}${attributes.join(',')}`
}

const SUBJECT = 'subject '

const digestOf = (name: string): Buffer => createHash('sha256').update(name).digest()
