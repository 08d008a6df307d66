import { createSecretKey } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { Readable } from 'node:stream'
import type { HttpBindings } from '@hono/node-server'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { problem } from '../../../src/api/problems.ts'
import type { Preset } from '../../../src/triggers/webhook/preset.ts'
import { presetsByName } from '../../../src/triggers/webhook/presets/by-name.ts'
import type { RawRequest } from '../../../src/triggers/webhook/request.ts'
import { createHooks } from '../../../src/triggers/webhook/route.ts'
import { openTestHouse } from '../../house.ts'

const read = (preset: Preset, request: RawRequest) => {
  // @ts-expect-error -- what nobody has verified cannot be read
  preset.read(request, {})
}

test('a request cannot be read before it is verified: it does not compile', () => {
  expect(read).toBeTypeOf('function')
})

/** Hooks of these presets that record whatever gets past verification. */
function hooksOf(presets: Preset[]) {
  const past: string[] = []
  const hooks = createHooks({
    endpoints: presets.map((preset) => ({
      source: preset.name,
      preset: {
        ...preset,
        read(request, data) {
          past.push(preset.name)
          return preset.read(request, data)
        },
      },
      keys: [createSecretKey(Buffer.from('a secret for tests only'))],
      limitBytes: 1_000,
    })),
    accept: ({ events }) => {
      past.push(...events.map(({ source }) => source))
      return Promise.resolve(events.map(() => ({ id: 'evt_1', status: 'accepted' })))
    },
    refuse: problem,
    onAnswer: () => undefined,
    onReject: () => undefined,
    isProxy: () => true,
    isShedding: () => false,
  })
  return { hooks, past }
}

function bindings(headers: Record<string, string>, body: string): HttpBindings {
  const incoming = Object.assign(Readable.from([Buffer.from(body)]), {
    headers,
    method: 'POST',
    url: '/hooks/x',
    socket: { remoteAddress: '127.0.0.1' },
  })
  return z.custom<HttpBindings>().parse({ incoming, outgoing: new EventEmitter() })
}

const all = Object.entries(presetsByName).map(([name, make]) => ({ ...make('SECRET'), name }))

test('there are presets to look at, each with its endpoint', () => {
  expect(all.length).toBeGreaterThan(1)
})

test.each(all.flatMap((preset) => preset.mediaTypes.map((type) => [preset.name, type])))(
  'nothing unsigned gets past %s as %s',
  async (name = '', type = '') => {
    const { hooks, past } = hooksOf(all)
    const contentType = type === '*/*' ? 'application/json' : type
    const bodies = ['{}', '', 'payload={}', '[{}]', '<a/>', '{"type":1}', 'ssl_check=1']

    for (const body of bodies) {
      const headers = { 'content-type': contentType, 'content-length': String(body.length) }
      const response = await hooks.request(
        `/hooks/${name}`,
        { method: 'POST' },
        bindings(headers, body),
      )
      // What a provider may send without a signature is answered, and nothing of it is read or kept.
      expect([200, 401, 429]).toContain(response.status)
    }
    expect(past).toEqual([])
  },
)

test('the only route of webhooks is the one that verifies', async () => {
  const { house, url } = await openTestHouse({ catalogue: {} })
  const { hooks } = hooksOf([])
  const before = await count()

  for (const path of [
    '/hooks',
    '/hooks/',
    '/hooks/github',
    '/hooks/github/',
    '/hooks/github/x',
    '/hooks//github',
    '/HOOKS/github',
    '/api/../hooks/github',
    '/hooks/%67ithub',
    '/hooks/reviews;x',
  ]) {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    })
    expect([401, 404]).toContain(response.status)
  }

  const routes = hooks.routes.map(({ method, path }) => `${method} ${path}`)
  expect(routes).toEqual(['POST /hooks/:source'])
  expect(await count()).toBe(before)

  async function count(): Promise<number> {
    const { rows } = await house.pool.query('select count(*)::int as n from events')
    return rows[0].n
  }
})
