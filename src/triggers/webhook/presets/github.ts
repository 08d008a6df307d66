import { hmacSigner } from '../hmac.ts'
import { textAt, valueAt } from '../body-readers.ts'
import { oneEvent, type Preset } from '../preset.ts'
import { jsonAnswer } from '../request.ts'
import { textSecret } from '../secret.ts'
import { single } from '../signature-header.ts'
import { composeSigned, distinctBody } from './compose.ts'
import { eventNameOf } from './github-events.ts'

// GitHub itself sends no more.
const LARGEST_BODY = 25 * 1024 * 1024

/**
 * GitHub webhooks: `X-Hub-Signature-256` over the body. The type is event and action (`issues.opened`), the subject
 * repository and number (`acme/widgets#7`), the key `X-GitHub-Delivery`, which nobody signs. Nor is `X-GitHub-Event`
 * signed: where the body is one of another event, the type is `unknown`. Equal bodies are one event, but for dispatches
 * that somebody asks for (`repository_dispatch`, `workflow_dispatch`). A ping is answered and not kept.
 *
 * @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 */
export function github(secretVariable: string): Preset {
  const secret = textSecret(secretVariable)
  const signer = hmacSigner({
    header: 'x-hub-signature-256',
    form: single('sha256='),
    encoding: 'hex',
    signed: '{body}',
  })

  return {
    name: 'github',
    secret,
    signatureHeaders: ['x-hub-signature-256', 'x-hub-signature'],
    mediaTypes: ['application/json', 'application/x-www-form-urlencoded'],
    limitBytes: LARGEST_BODY,
    verify: signer.verify,
    keyIsUnsigned: true,
    // GitHub shows what it could not deliver, and sends it again only by hand.
    retries: false,

    read({ headers }, data) {
      const name = eventNameOf(headers['x-github-event'], data)
      if (name === 'ping') return { outcome: 'handshake', answer: jsonAnswer({ status: 'pong' }) }
      const action = textAt(data, 'action')
      return oneEvent({
        key: headers['x-github-delivery'],
        type: action === undefined || name === 'unknown' ? name : `${name}.${action}`,
        subject: subjectOf(data),
        ...(ASKED_FOR.includes(name) ? { mayRepeat: true } : {}),
      })
    },

    samples,
    compose: (sampling) =>
      composeSigned(sampling, {
        signer,
        keyOf: secret.keyOf,
        body: distinctBody(sampling),
        headers: {
          'content-type': 'application/json',
          'x-github-event': sampling.type.split('.', 1).join(''),
          'x-github-delivery': sampling.id,
        },
      }),
  }
}

// Whoever asks for them decides what is in them: every night the same, say.
const ASKED_FOR = ['repository_dispatch', 'workflow_dispatch']

function subjectOf(data: unknown): string | undefined {
  const name = textAt(data, 'repository', 'full_name')
  const number = valueAt(data, 'issue', 'number') ?? valueAt(data, 'pull_request', 'number')
  return name !== undefined && typeof number === 'number' ? `${name}#${number}` : name
}

const repository = { full_name: 'acme/widgets' }

const samples = {
  'issues.opened': {
    action: 'opened',
    issue: {
      number: 7,
      title: 'Checkout is down in production',
      body: 'Every payment fails with a 500 since the last deployment. Orders are being lost.',
    },
    repository,
  },
  'pull_request.opened': {
    action: 'opened',
    number: 8,
    pull_request: { number: 8, title: 'Make the widgets round', user: { login: 'ada' } },
    repository,
  },
  'issue_comment.created': {
    action: 'created',
    issue: { number: 7, title: 'Checkout is down in production' },
    comment: { id: 1, body: 'It works again.', user: { login: 'grace' } },
    repository,
  },
  push: {
    ref: 'refs/heads/main',
    after: '6113728f27ae82c7b1a177c8d03f9e96e0adf246',
    commits: [{ id: '6113728f27ae82c7b1a177c8d03f9e96e0adf246', message: 'Round the widgets' }],
    repository,
  },
}
