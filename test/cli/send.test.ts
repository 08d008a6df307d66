import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import { Stripe } from 'stripe'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { postSigned } from '../../src/cli/post-signed.ts'
import { onset, openCommandLine } from './open-command-line.ts'

const { url, deliveries, onset: command, request } = await openCommandLine()

test('a sample is signed and delivered', async () => {
  const outcome = await command('send', 'github', 'issues.opened', '--id', 'd-1')

  expect(outcome).toEqual({ exitCode: 0, out: 'accepted evt_d-1\n', error: '' })
  expect(deliveries.at(-1)).toEqual({ body: { issue: { number: 7 } }, signature: 'hush 22' })
})

test('one delivery is one object in JSON, several are a list', async () => {
  const one = await command('send', 'github', 'issues.opened', '--id', 'd-2', '--json')
  const argv = ['send', 'github', 'issues.opened', '--id', 'd-3', '--count', '40', '--json']
  const several = await command(...argv)

  expect(JSON.parse(one.out)).toEqual({ id: 'evt_d-2', status: 'accepted' })
  expect(JSON.parse(several.out)).toEqual(
    Array.from({ length: 40 }, (_, index) => ({ id: `evt_d-3-${index + 1}`, status: 'accepted' })),
  )
})

test('an internal event goes through the API', async () => {
  const argv = ['send', 'internal', 'review.submitted', '--id', 'r-1', '--json']
  const first: unknown = JSON.parse((await command(...argv)).out)
  const second: unknown = JSON.parse((await command(...argv)).out)

  expect(first).toMatchObject({ status: 'accepted' })
  expect(second).toMatchObject({ ...Object(first), status: 'duplicate' })
})

test('a secret that nobody knows is named', async () => {
  const { exitCode, error } = await command('send', 'crm', 'created')

  expect(exitCode).toBe(1)
  expect(error).toContain('Set CRM_SECRET')
})

test('what the server refuses is said with its code', async () => {
  const argv = ['send', 'internal', 'review.submitted']

  expect(await onset({ url, token: null }, argv)).toEqual({
    exitCode: 1,
    out: '',
    error: 'Expected the header Authorization: Bearer <token>. (unauthorized)\n',
  })
  expect((await request('/api/runs')).status).toBe(200)
})

/** An endpoint of somebody else, which answers as it likes. */
async function openEndpoint(answer: Response) {
  const received: { url: string; headers: IncomingHttpHeaders; body: string }[] = []
  const server = createServer((incoming, response) => {
    const take = async (): Promise<void> => {
      const body = await text(incoming)
      received.push({ url: incoming.url ?? '', headers: incoming.headers, body })
      response.writeHead(answer.status, Object.fromEntries(answer.headers))
      response.end(await answer.clone().text())
    }
    void take()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = z.object({ port: z.number() }).parse(server.address())
  return { received, to: `http://127.0.0.1:${port}/anywhere` }
}

const secret = (name: string): string | null =>
  name === 'STRIPE_SECRET' ? 'whsec_for_tests_only_0001,whsec_the_old_one' : null
const withSecret = { server: () => Promise.resolve({ url, token: null, secret }) }

test('a sample of a provider that is no source here goes to any URL, signed by the first secret', async () => {
  const { received, to } = await openEndpoint(new Response('thank\u001b you'))
  const argv = [
    'send',
    'stripe',
    'charge.dispute.created',
    '--to',
    to,
    '--secret-env',
    'STRIPE_SECRET',
  ]

  const outcome = await onset({}, argv, withSecret)

  expect(outcome).toEqual({ exitCode: 0, out: '200 thank  you\n', error: '' })
  const [delivered] = received
  const signature = delivered?.headers['stripe-signature']
  const event = new Stripe('sk_test_0').webhooks.constructEvent(
    delivered?.body ?? '',
    String(signature),
    'whsec_for_tests_only_0001',
  )
  expect(event.type).toBe('charge.dispute.created')
})

test('a source goes to any URL as well, with its own samples', async () => {
  const { received, to } = await openEndpoint(Response.json({ id: 'evt_1', status: 'accepted' }))

  const outcome = await onset({ url }, ['send', 'github', 'issues.opened', '--to', to])

  expect(outcome).toEqual({ exitCode: 0, out: 'accepted evt_1\n', error: '' })
  expect(received).toMatchObject([{ url: '/anywhere', headers: { 'x-signature': 'hush 22' } }])
})

test('an empty answer is a good one, and several events are several lines', async () => {
  const empty = await openEndpoint(new Response(null, { status: 204 }))
  const events = [
    { id: 'evt_1', status: 'accepted' },
    { id: 'evt_2', status: 'duplicate' },
  ]
  const several = await openEndpoint(Response.json({ events }))

  const outs = await Promise.all(
    [empty, several].map(async ({ to }) => {
      const outcome = await onset({ url }, ['send', 'github', 'issues.opened', '--to', to])
      return outcome.out
    }),
  )

  expect(outs).toEqual(['204\n', 'accepted evt_1\nduplicate evt_2\n'])
})

test.each([
  [new Response('no', { status: 401 }), 'The server answered 401'],
  [
    new Response(null, { status: 302, headers: { location: '/elsewhere' } }),
    'The server answered 302',
  ],
])('an endpoint that does not take it ends the command', async (answer, error) => {
  const { to } = await openEndpoint(answer)

  const outcome = await onset({ url }, ['send', 'github', 'issues.opened', '--to', to])

  expect(outcome).toMatchObject({ exitCode: 1, error: expect.stringContaining(error) })
})

test('of an endless answer the first 64 KB are shown', async () => {
  const { to } = await openEndpoint(new Response('x'.repeat(1_000_000)))

  const outcome = await onset({ url }, ['send', 'github', 'issues.opened', '--to', to])

  expect(outcome).toEqual({ exitCode: 0, out: `200 ${'x'.repeat(64 * 1024)}\n`, error: '' })
})

test('an endpoint that begins an answer and never ends it is given up', async () => {
  const server = createServer((_, response) => void response.write('begun'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = z.object({ port: z.number() }).parse(server.address())
  const unanswered = { url: `http://127.0.0.1:${port}/`, headers: {}, body: Buffer.from('{}') }

  await expect(postSigned(unanswered, { timeoutMs: 100 })).rejects.toThrow(
    `http://127.0.0.1:${port} did not answer within 0.1 s.`,
  )
})

test.each([
  [['stripe', 'charge.dispute.created'], 2, 'say where to and which variable holds the secret'],
  [['strip', 'charge.dispute.created'], 2, "Did you mean 'stripe'?"],
  [
    ['stripe', 'charge', '--to', 'http://a.b', '--secret-env', 'S'],
    2,
    'Known: charge.dispute.created',
  ],
  [['github', 'issues.closed'], 2, 'Known: issues.opened'],
  [['github', 'issues.opened', '--to', 'nowhere'], 2, 'Expected an address'],
  [['internal', 'review.submitted', '--to', 'http://a.b'], 2, 'leave out --to'],
  [
    ['stripe', 'charge.dispute.created', '--to', 'http://a.b', '--secret-env', 'NOBODY'],
    1,
    'Set NOBODY',
  ],
])('send %j is answered with what is wrong', async (argv, exitCode, error) => {
  const outcome = await onset({ url }, ['send', ...argv])

  expect(outcome).toMatchObject({ exitCode, error: expect.stringContaining(error) })
})
