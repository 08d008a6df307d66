import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { defineSource } from '../../../src/triggers/define.ts'
import { presetsByName } from '../../../src/triggers/webhook/presets/by-name.ts'
import { webhook } from '../../../src/triggers/webhook/webhook.ts'
import { openTestHouse } from '../../house.ts'

const providers = Object.entries(presetsByName).map(([name, make]) => {
  const variable = `${name.replaceAll('-', '_').toUpperCase()}_SECRET`
  const preset = make(variable)
  return { name, preset, variable, ...preset.secret.make() }
})
const addresses = providers.flatMap(({ preset: { addressesVariable: variable } }) =>
  variable === undefined ? [] : [[variable, '127.0.0.1/32']],
)

const { house, url } = await openTestHouse({
  catalogue: {},
  sources: providers.map(({ name, preset }) =>
    defineSource({ name, kind: webhook({ verify: preset }) }),
  ),
  env: {
    ...Object.fromEntries(addresses),
    ...Object.fromEntries(providers.map(({ variable, verifying }) => [variable, verifying])),
    // What these tests send stands for what a proxy hands over.
    TRUSTED_PROXIES: '127.0.0.1/32',
  },
})

function compose({ name, preset, signing: secret }: (typeof providers)[number]) {
  const [type = ''] = Object.keys(preset.samples)
  return preset.compose({
    type,
    data: preset.samples[type],
    id: randomUUID(),
    now: new Date(),
    url: `${url}/hooks/${name}`,
    secret,
  })
}

const send = (
  { url: to, headers: signed, body }: ReturnType<typeof compose>,
  headers: Record<string, string> = {},
): Promise<Response> => fetch(to, { method: 'POST', headers: { ...signed, ...headers }, body })

async function eventsOf(source: string): Promise<number> {
  const { rows } = await house.pool.query('select 1 from events where source = $1', [source])
  return rows.length
}

test.each(providers)('replay-same-id: $name three times is one event', async (provider) => {
  const request = compose(provider)

  const atOnce = await Promise.all([send(request), send(request)])
  const later = await send(request)

  expect([...atOnce, later].map(({ ok }) => ok)).toEqual([true, true, true])
  await expect(eventsOf(provider.name)).resolves.toBe(1)
})

const idHeaders: Record<string, string> = {
  github: 'x-github-delivery',
  shopify: 'x-shopify-webhook-id',
  latitude: 'x-latitude-delivery',
  linear: 'linear-delivery',
  convoy: 'x-convoy-idempotency-key',
  hookdeck: 'x-hookdeck-eventid',
  outpost: 'x-outpost-event-id',
}

test.each(providers.filter(({ name }) => Object.hasOwn(idHeaders, name)))(
  'replay-new-unsigned-id: $name under another id is no second event',
  async (provider) => {
    const request = compose(provider)
    const before = await eventsOf(provider.name)

    const first = await send(request)
    const second = await send(request, { [idHeaders[provider.name] ?? '']: 'another-id' })

    expect([first.status, second.status]).toEqual([200, 200])
    await expect(eventsOf(provider.name)).resolves.toBe(before + 1)
  },
)
