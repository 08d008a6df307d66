import { createHmac, randomUUID } from 'node:crypto'

/** The secret with which all benchmarks sign. */
export const SECRET = 'a secret for benchmarks only'

/** Where GitHub's deliveries go. */
export const HOOK_PATH = '/hooks/github'

const BODY_BYTES = 1_024
// What GitHub sends along, in its own order.
const HEADERS = [
  'accept: */*',
  'user-agent: GitHub-Hookshot/2e2c5c3',
  'x-github-event: issues',
  'x-github-hook-id: 517382940',
  'x-github-hook-installation-target-id: 79929171',
  'x-github-hook-installation-target-type: repository',
  'content-type: application/json',
].join('\r\n')

/** A delivery with the bytes of its HTTP request. */
export interface Delivery {
  /** What the sender calls it: `X-GitHub-Delivery`. */
  key: string
  type: 'issues.opened' | 'issues.edited'
  request: Buffer
}

/** A signed event of 1 KB as GitHub delivers it, unlike every other one. */
export function nextDelivery(type: Delivery['type'] = 'issues.opened'): Delivery {
  const key = randomUUID()
  const body = bodyOf({ key, type })
  const signature = createHmac('sha256', SECRET).update(body).digest('hex')
  const head =
    `POST ${HOOK_PATH} HTTP/1.1\r\nhost: 127.0.0.1\r\n${HEADERS}\r\nx-github-delivery: ${key}\r\n` +
    `x-hub-signature-256: sha256=${signature}\r\ncontent-length: ${BODY_BYTES}\r\n\r\n`
  return { key, type, request: Buffer.from(head + body, 'latin1') }
}

const [beforeTitle = '', afterTitle = ''] = JSON.stringify({
  action: '<action>',
  issue: {
    id: 2_913_847_561,
    number: 7,
    title: '<title>',
    state: 'open',
    comments: 0,
    user: { login: 'ada', id: 583_231, type: 'User', site_admin: false },
    labels: [{ id: 208_045_946, name: 'bug', color: 'f29513', default: true }],
    html_url: 'https://github.com/acme/widgets/issues/7',
    body: '<body>',
  },
  repository: { id: 1_296_269, name: 'widgets', full_name: 'acme/widgets', private: false },
  sender: { login: 'ada', id: 583_231, type: 'User', site_admin: false },
}).split('<title>')

// The title names the delivery, so that no two bodies are the same; the text of the issue fills up to 1 KB.
function bodyOf({ key, type }: Pick<Delivery, 'key' | 'type'>): string {
  const before = beforeTitle.replace('<action>', type.slice('issues.'.length))
  const missing = BODY_BYTES - before.length - key.length - (afterTitle.length - '<body>'.length)
  const text = 'Each payment fails since the last release. '.repeat(30).slice(0, missing)
  return `${before}${key}${afterTitle.replace('<body>', text)}`
}
