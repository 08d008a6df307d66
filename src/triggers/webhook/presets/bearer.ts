import { verifyBearer } from '../credentials.ts'
import type { Preset } from '../preset.ts'
import { textSecret } from '../secret.ts'
import { composeUnsigned } from './compose.ts'
import { type Places, plainSamples, readAt } from './places.ts'

/**
 * A bearer token in `Authorization`. Nothing is signed: whoever has seen one request can send any. The token is kept
 * with no event, so that a stored one cannot be verified again.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750
 */
export const bearer = (tokenVariable: string, places: Places = {}): Preset => ({
  name: 'bearer',
  secret: textSecret(tokenVariable, 'Bearer token'),
  signatureHeaders: ['authorization'],
  verify: verifyBearer,
  signsBody: false,
  ...readAt(places),
  samples: plainSamples,
  compose: (sampling) =>
    composeUnsigned(sampling, {
      authorization: `Bearer ${sampling.secret}`,
    }),
})
