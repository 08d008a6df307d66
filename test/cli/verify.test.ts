import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { vectors } from '../triggers/webhook/vectors.ts'
import { onset } from './open-command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'onset-verify-'))
let files = 0

function fileOf(content: unknown): string {
  const file = join(folder, `request-${(files += 1)}.json`)
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

const [stripe] = vectors.filter(({ id }) => id === 'stripe-sdk-generated')
const request = {
  method: 'POST',
  url: 'https://hooks.example.com/hooks/stripe',
  headers: { 'Stripe-Signature': stripe?.headers['stripe-signature'] },
  body: stripe?.body,
}
const env = { SECRET: 'whsec_test_secret', NEXT: 'whsec_the_next_secret', FAULTY: 'whsec_' }

const verify = (...argv: string[]) => onset({}, ['verify', ...argv], { env })

/** The verdicts on these lines of standard input. */
async function verifyLines(...lines: (object | string)[]) {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))
  // In pieces that end where no line does.
  const chunks = (
    Buffer.from(`${text.join('\n')}\n`)
      .toString('latin1')
      .match(/[^]{1,97}/g) ?? []
  ).map((chunk) => Buffer.from(chunk, 'latin1'))
  const input = () => Readable.from(chunks)
  const { exitCode, out, error } = await onset({}, ['verify', '--jsonl'], { input })
  const verdicts: unknown[] = out
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  return { exitCode, error, verdicts }
}

test('a stored request that holds is valid, and the matching secret is named', async () => {
  const argv = ['--preset', 'stripe', '--secret-env', 'NEXT,SECRET', '--now', '1614265330']

  const outcome = await verify(...argv, '--request', fileOf(request))

  expect(outcome).toEqual({
    exitCode: 0,
    out: 'valid: secret 2 of 2, signed at 2021-02-25T15:02:10.000Z\n',
    error: '',
  })
})

test.each([
  [{}, 'time', 'at most 300 s are allowed'],
  [{ body: '{}' }, 'signature', 'The configured key did not sign these bytes'],
  [{ headers: {} }, 'header', 'The header stripe-signature is missing'],
])('with %j it is not valid, and the step that failed is named', async (changes, step, reason) => {
  const now = step === 'time' ? '1614265631' : '1614265330'
  const argv = ['--preset', 'stripe', '--secret-env', 'SECRET', '--now', now]
  const file = fileOf({ ...request, ...changes })

  const plain = await verify(...argv, '--request', file)
  const json = await verify(...argv, '--request', file, '--json')

  expect(plain.exitCode).toBe(1)
  expect(plain.out).toContain(`not valid (${step}): `)
  expect(plain.out).toContain(reason)
  expect(JSON.parse(json.out)).toMatchObject({ valid: false, step })
  expect(`${plain.out}${json.out}`).not.toContain('af4ead0627a34a8cca29808e8de9ada8')
})

test.each([
  [['--preset', 'stripe', '--secret-env', 'SECRET'], 2, '--request is missing'],
  [['--preset', 'strype', '--secret-env', 'SECRET'], 2, "Did you mean 'stripe'?"],
  [['--preset', 'stripe', '--secret-env', 'OTHER'], 1, 'Set OTHER'],
  [['--preset', 'stripe', '--secret-env', 'SECRET', '--now', 'noon'], 2, 'Expected Unix seconds'],
])('%j is answered with what is wrong', async (argv, exitCode, error) => {
  const file =
    argv.length === 4 && exitCode === 2 && argv[1] === 'stripe'
      ? []
      : ['--request', fileOf(request)]

  const outcome = await verify(...argv, ...file)

  expect(outcome).toMatchObject({ exitCode, error: expect.stringContaining(error) })
})

test.each(['{', '[]', '{"headers":{"a":1}}', '{"bodyBase64":"?"}'])(
  'the file %s holds no request',
  async (content) => {
    const argv = ['--preset', 'stripe', '--secret-env', 'SECRET', '--request', fileOf(content)]

    await expect(verify(...argv)).resolves.toMatchObject({
      exitCode: 1,
      error: expect.stringContaining('holds no request'),
    })
  },
)

const line = (vector: (typeof vectors)[number]) => ({
  provider: vector.provider,
  method: vector.method,
  url: vector.url,
  headers: Object.fromEntries(
    Object.entries({ 'content-type': vector.content_type ?? 'application/json', ...vector.headers })
      // In any case, and as a list: both are the same header.
      .map(([name, value], index) => [index % 2 === 0 ? name.toUpperCase() : name, [value]]),
  ),
  bodyBase64: Buffer.from(vector.body ?? '').toString('base64'),
  secrets: ['secret', 'public_key'].flatMap(
    (name) => vector[name === 'secret' ? name : 'public_key'] ?? [],
  ),
  now:
    vector.now ??
    (vector.now_ms ??
      Number(vector.headers['x-twilio-email-event-webhook-timestamp'] ?? 1) * 1_000) / 1_000,
})

const withBody = vectors.filter(({ body }) => body !== undefined)

test('each line gets its verdict, in order, whatever the others hold', async () => {
  const [github] = vectors.filter(({ id }) => id === 'github-docs')
  if (github === undefined) throw new Error('Expected the vector github-docs.')
  const good = line(github)

  const { exitCode, verdicts } = await verifyLines(
    good,
    '{"provider":',
    '',
    { ...good, provider: 'nobody' },
    { ...good, provider: '__proto__' },
    { ...good, secrets: [''] },
    { ...good, secrets: [] },
    { ...good, bodyBase64: 'SGVsbG8' },
    { ...good, headers: { 'x-hub-signature-256': 7 } },
    { ...good, now: 1e300 },
    'null',
    { ...good, secrets: ['another secret', ...good.secrets], now: null },
  )

  expect(exitCode).toBe(0)
  expect(verdicts).toMatchObject([
    { valid: true, step: null, reason: null },
    { valid: false, step: 'request' },
    { valid: false, step: 'request' },
    { valid: false, step: 'provider' },
    { valid: false, step: 'provider' },
    { valid: false, step: 'secret' },
    { valid: false, step: 'secret' },
    { valid: false, step: 'request' },
    { valid: false, step: 'request' },
    { valid: true },
    { valid: false, step: 'request' },
    { valid: true },
  ])
})

test('every vector gets its verdict as a line', async () => {
  const { verdicts } = await verifyLines(...withBody.map(line))

  expect(verdicts).toMatchObject(withBody.map(({ valid }) => ({ valid })))
})

test('a header that stands there twice in two cases is one that was sent twice', async () => {
  const [github] = vectors.filter(({ id }) => id === 'github-docs')
  const signature = github?.headers['x-hub-signature-256']
  const headers = { 'X-Hub-Signature-256': signature, 'x-hub-signature-256': signature }

  const { verdicts } = await verifyLines({
    provider: 'github',
    headers,
    secrets: ['a'],
    bodyBase64: '',
  })

  expect(verdicts).toMatchObject([{ valid: false, reason: expect.stringContaining('twice') }])
})

test('lines are judged as they come: what is judged is not kept', async () => {
  let pulled = 0
  let ahead = 0
  let printed = 0
  async function* input() {
    for (; pulled < 20_000; pulled += 1) {
      ahead = Math.max(ahead, pulled - printed)
      yield Buffer.from('{"provider":"github"}\n')
    }
  }
  const count = () => void (printed += 1)
  const print = { line: count, piece: count, json: count, error: count }

  const { exitCode } = await onset({}, ['verify', '--jsonl'], { input, print })

  expect([exitCode, printed]).toEqual([0, 20_000])
  expect(ahead).toBeLessThanOrEqual(1)
})
