import { expect, test } from 'vitest'
import { slack } from '../../../../src/triggers/webhook/presets/slack.ts'
import { composed, eventsOf, judge, now, read, readBody } from './composed.ts'

const preset = slack('SLACK_SIGNING_SECRET')
const FORM = 'application/x-www-form-urlencoded'
const form = (fields: Record<string, string>): string => new URLSearchParams(fields).toString()

test.each([
  ['app_mention', { key: 'sample-1', subject: 'C061EG9SL' }],
  ['reaction_added', { key: 'sample-1', subject: 'C061EG9SL' }],
  ['block_actions', { key: 'sample-1', subject: 'C061EG9SL' }],
  ['slash_command', { key: 'sample-1', subject: '/triage' }],
])('a sample of %s is read as Slack would mean it', async (type, facts) => {
  const sample = composed(preset, { type })

  expect(eventsOf(await read(preset, sample))).toMatchObject([{ type, ...facts }])
})

test('an event that is sent again as a form is kept in quarantine, and is no command', async () => {
  const body = '{"event":{"text":"&command=/deploy&trigger_id=1.2.3&"}}'

  const reading = await readBody(preset, body, FORM)

  expect(eventsOf(reading)).toMatchObject([{ type: 'unknown', unreadable: true }])
})

test('the challenge of an endpoint is answered, once it is signed', async () => {
  const body = '{"type":"url_verification","token":"t","challenge":"3eZbrw1aB"}'

  const reading = await readBody(preset, body)
  const unsigned = preset.unsigned?.({ ...composed(preset).request, body: Buffer.from(body) })

  if (reading.outcome !== 'handshake') throw new Error('Expected a handshake.')
  expect(JSON.parse(reading.answer.body)).toEqual({ challenge: '3eZbrw1aB' })
  expect(unsigned).toBeNull()
})

test.each([
  ['ssl_check=1&token=x', FORM, true],
  ['token=x&ssl_check=1', `${FORM}; charset=utf-8`, true],
  ['ssl_check=10', FORM, false],
  ['ssl_check=0', FORM, false],
  ['no_ssl_check=1', FORM, false],
  ['text=ssl_check%3D1', FORM, false],
  ['ssl_check=1', 'application/json', false],
  ['', FORM, false],
])('%j as %s is a check of the certificate: %s', (body, contentType, answered) => {
  const { request } = composed(preset)
  const headers = { 'content-type': contentType }

  const answer = preset.unsigned?.({ ...request, headers, body: Buffer.from(body) })

  expect(answer).toEqual(answered ? { status: 200, body: '' } : null)
})

test.each([
  [
    { payload: '{"type":"view_submission","user":{"id":"U1"}}' },
    { type: 'view_submission', subject: 'U1' },
  ],
  [{ payload: '{"type":"shortcut","trigger_id":"1.2.3"}' }, { type: 'shortcut', key: '1.2.3' }],
  [
    { command: '/triage', text: '' },
    { type: 'slash_command', subject: '/triage' },
  ],
  [{ anything: 'else' }, { type: 'unknown' }],
])('the form %j is read', async (fields, facts) => {
  expect(eventsOf(await readBody(preset, form(fields), FORM))).toMatchObject([facts])
})

test('what has no id has the digest of what was signed for a key', async () => {
  const [one, same, other] = await Promise.all(
    ['/a', '/a', '/b'].map(async (command) =>
      eventsOf(await readBody(preset, form({ command }), FORM)),
    ),
  )

  expect(one?.[0]?.key).toMatch(/^sha256:/)
  expect(same?.[0]?.key).toBe(one?.[0]?.key)
  expect(other?.[0]?.key).not.toBe(one?.[0]?.key)
})

test('a workspace over its limit is an event like any other', async () => {
  const body = '{"type":"app_rate_limited","minute_rate_limited":1518467820,"team_id":"T1"}'

  expect(eventsOf(await readBody(preset, body))).toMatchObject([{ type: 'app_rate_limited' }])
})

test('another version of the signature is refused, and a time before its window too', async () => {
  const good = composed(preset)
  const signature = good.request.headers['x-slack-signature']?.replace('v0=', 'v1=') ?? ''
  const headers = { ...good.request.headers, 'x-slack-signature': signature }

  const other = await judge(preset, { ...good, request: { ...good.request, headers } })
  const early = await judge(preset, good, now.getTime() - 301_000)

  expect([other, early]).toMatchObject([
    { verified: false, step: 'header' },
    { verified: false, step: 'time' },
  ])
})

test('Slack is answered with nothing, and its credentials are masked', () => {
  const { request } = composed(preset)

  expect(preset.maskedMembers).toEqual(['response_url', 'token'])
  expect(preset.retries).toBe(false)
  expect(request.headers['content-type']).toBe('application/json')
})
