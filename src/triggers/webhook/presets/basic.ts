import { randomBytes } from 'node:crypto'
import { pairKey, verifyBasic } from '../credentials.ts'
import type { Preset } from '../preset.ts'
import { composeUnsigned } from './compose.ts'
import { type Places, plainSamples, readAt } from './places.ts'

/**
 * Basic authentication; the variable holds `user:password`, without commas. Nothing is signed: whoever has seen one
 * request can send any. The credentials are kept with no event, so that a stored one cannot be verified again.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7617
 */
export const basic = (credentialsVariable: string, places: Places = {}): Preset => ({
  name: 'basic',
  secret: {
    variable: credentialsVariable,
    meaning: 'Credentials, user:password',
    keyOf: pairKey,
    make() {
      const credentials = `onset:${randomBytes(32).toString('hex')}`
      return { verifying: credentials, signing: credentials }
    },
  },
  signatureHeaders: ['authorization'],
  verify: verifyBasic,
  signsBody: false,
  ...readAt(places),
  samples: plainSamples,
  compose: (sampling) =>
    composeUnsigned(sampling, {
      authorization: `Basic ${Buffer.from(sampling.secret).toString('base64')}`,
    }),
})
