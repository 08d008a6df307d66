import { sign, verify } from '@octokit/webhooks-methods'
import { expect, test } from 'vitest'
import { github } from '../../../../src/triggers/webhook/presets/github.ts'
import { composed, eventsOf, judge, judgeChanged, keyOf, now, read } from './composed.ts'

const preset = github('GITHUB_WEBHOOK_SECRET')
const secret = 'development secret'

async function signedByOctokit(body: string, headers: Record<string, string>) {
  const signature = await sign(secret, body)
  return {
    keys: [keyOf(preset, secret)],
    secret,
    request: {
      method: 'POST',
      url: '',
      headers: { 'content-type': 'application/json', 'x-hub-signature-256': signature, ...headers },
      body: Buffer.from(body),
      address: undefined,
      proxied: false,
    },
  }
}

const issue = JSON.stringify({
  action: 'opened',
  issue: { number: 7 },
  repository: { full_name: 'a/b' },
})

test('what Octokit signs is verified, and the other way round', async () => {
  const theirs = await signedByOctokit(issue, { 'x-github-event': 'issues' })
  const { request, secret: own } = composed(preset)
  const signature = request.headers['x-hub-signature-256'] ?? ''

  await expect(judge(preset, theirs)).resolves.toMatchObject({ verified: true })
  await expect(verify(own, Buffer.from(request.body).toString(), signature)).resolves.toBe(true)
})

test('an empty body is signed like any other, though Octokit throws at it', async () => {
  const { request, keys } = composed(preset)

  await expect(verify(secret, '', 'sha256=00')).rejects.toThrow(/required/)
  await expect(
    judgeChanged(preset, { request, keys, secret }, { body: Buffer.alloc(0) }),
  ).resolves.toMatchObject({ verified: false, step: 'signature' })
})

test.each([
  ['issues', issue, 'issues.opened'],
  ['pull_request', issue, 'unknown'],
  ['push', issue, 'unknown'],
  ['ping', issue, 'unknown'],
  ['', issue, 'unknown'],
  ['issues', '{"action":"opened","pull_request":{"number":1}}', 'unknown'],
  ['issues', '{"action":"created","issue":{"number":1},"comment":{}}', 'unknown'],
  [
    'issue_comment',
    '{"action":"created","issue":{"number":1},"comment":{}}',
    'issue_comment.created',
  ],
  ['issues', '{"action":"opened"}', 'unknown'],
  ['issues', '[]', 'unknown'],
  ['issues', 'null', 'unknown'],
  ['star', '{"action":"created","starred_at":null}', 'star.created'],
  [
    'workflow_run',
    '{"action":"completed","workflow_run":{},"workflow":{}}',
    'workflow_run.completed',
  ],
  [
    'deployment_status',
    '{"action":"created","deployment_status":{},"deployment":{},"check_run":{}}',
    'deployment_status.created',
  ],
])('unsigned-metadata: the event %j with the body %s is %s', async (event, body, type) => {
  const reading = await read(preset, await signedByOctokit(body, { 'x-github-event': event }))

  expect(eventsOf(reading)).toMatchObject([{ type }])
})

test('a ping is answered and not kept', async () => {
  const ping = '{"zen":"Design for failure.","hook_id":1,"hook":{}}'
  const reading = await read(preset, await signedByOctokit(ping, { 'x-github-event': 'ping' }))

  expect(reading).toMatchObject({ outcome: 'handshake', answer: { status: 200 } })
})

test('the key of a delivery is its id, which nobody signs', async () => {
  const theirs = await signedByOctokit(issue, {
    'x-github-event': 'issues',
    'x-github-delivery': 'd-1',
  })

  expect(eventsOf(await read(preset, theirs))).toMatchObject([{ key: 'd-1', subject: 'a/b#7' }])
  expect(preset.keyIsUnsigned).toBe(true)
})

test('an issue of a repository without a name has no subject', async () => {
  const body = '{"action":"opened","issue":{"number":7}}'
  const [event] = eventsOf(
    await read(preset, await signedByOctokit(body, { 'x-github-event': 'issues' })),
  )

  expect(event).toMatchObject({ type: 'issues.opened', subject: undefined })
})

test('a signature holds however old it is: GitHub signs no time', async () => {
  const later = now.getTime() + 10 ** 11

  await expect(judge(preset, composed(preset), later)).resolves.toMatchObject({ verified: true })
})
