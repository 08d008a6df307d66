import { randomUUID } from 'node:crypto'
import { equalDigests, hmacSha256, type Preset, textAt, valueAt, verbatimKey } from '../preset.ts'

// GitHub itself sends no more.
const LARGEST_BODY = 25 * 1024 * 1024

/**
 * GitHub webhooks: `X-Hub-Signature-256` over the body. The type is event and action (`issues.opened`), the subject
 * repository and number (`acme/widgets#7`), the key `X-GitHub-Delivery`.
 *
 * @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 */
export const githubSignature = (secretVariable: string): Preset => ({
  name: 'github',
  secretVariable,
  secretForm: 'hex',
  mediaTypes: ['application/json', 'application/x-www-form-urlencoded'],
  limitBytes: LARGEST_BODY,
  keyOf: verbatimKey,

  verify({ headers, body }, keys) {
    // One lower-case digest: a header that was sent twice does not match.
    const digest = /^sha256=([0-9a-f]{64})$/.exec(headers['x-hub-signature-256'] ?? '')?.[1]
    if (digest === undefined) return false
    const given = Buffer.from(digest, 'hex')
    return keys.some((key) => equalDigests(hmacSha256(key, body), given))
  },

  read({ headers }, data) {
    const name = headers['x-github-event'] ?? 'unknown'
    const action = textAt(data, 'action')
    const repository = textAt(data, 'repository', 'full_name')
    const number = valueAt(data, 'issue', 'number') ?? valueAt(data, 'pull_request', 'number')
    const subject = typeof number === 'number' ? `${repository}#${number}` : repository
    return {
      key: headers['x-github-delivery'] ?? randomUUID(),
      type: action === undefined ? name : `${name}.${action}`,
      ...(subject === undefined ? {} : { subject }),
    }
  },

  sign: (body, key, facts) => ({
    'content-type': 'application/json',
    'x-github-event': facts.type.split('.', 1).join(''),
    'x-github-delivery': facts.key,
    'x-hub-signature-256': `sha256=${hmacSha256(key, body).toString('hex')}`,
  }),
})
