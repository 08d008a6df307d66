import { expect, test } from 'vitest'
import { z } from 'zod'
import { sampleSources } from '../../../src/source-secrets.ts'
import { defineSource, type Trigger } from '../../../src/triggers/define.ts'
import type { Preset } from '../../../src/triggers/webhook/preset.ts'
import { presetsByName } from '../../../src/triggers/webhook/presets/by-name.ts'
import { webhook } from '../../../src/triggers/webhook/webhook.ts'
import { onset } from '../../cli/open-command-line.ts'
import { openTestHouse, until } from '../../house.ts'

// Every preset as a source of its own, each with a trigger that takes whatever comes.
const presets = Object.entries(presetsByName).map(([name, make]): [string, Preset] => [
  name,
  make(`${name.replaceAll('-', '_').toUpperCase()}_SECRET`),
])
const sources = presets.map(([name, verify]) => defineSource({ name, kind: webhook({ verify }) }))
const catalogue = Object.fromEntries(
  sources.map((source): [string, Trigger] => [
    source.name,
    {
      source,
      when: () => true,
      read: (_, event) => ({ data: { subject: '', count: 0, timeoutMs: 1 }, summary: event.type }),
      // Names of workflows that only tests have are not among the types.
      workflow: z.custom<Trigger['workflow']>().parse('collect'),
    },
  ]),
)
const made = new Map(presets.map(([, { secret }]) => [secret.variable, secret.make()]))
const verifying = [...made].map(([variable, { verifying: secret }]) => [variable, secret])
const addresses = presets.flatMap(([, { addressesVariable: variable }]) =>
  variable === undefined ? [] : [[variable, '127.0.0.1/32']],
)

const { house, url, startWorker } = await openTestHouse({
  sources,
  catalogue,
  // What these tests send stands for what a proxy hands over.
  env: { ...Object.fromEntries([...verifying, ...addresses]), TRUSTED_PROXIES: '127.0.0.1/32' },
})
await startWorker()

test.each(presets)('every sample of %s is sent and becomes a run', async (name, { samples }) => {
  const types = Object.keys(samples)

  for (const type of types) {
    const sent = await onset({ url }, ['send', name, type], {
      server,
      sources: sampleSources(sources),
    })
    expect(sent).toMatchObject({ exitCode: 0, error: '' })
  }

  const runs = await until(`the runs of ${name}`, async () => {
    const finished = await finishedRuns(name)
    return finished.length >= types.length && finished
  })
  expect(runs.toSorted()).toEqual(types.toSorted())
})

test.each(['discord', 'discord-events'])(
  'however many wrong signatures %s sends on purpose, each is answered 401',
  async (name) => {
    const statuses = await Promise.all(
      Array.from({ length: 25 }, async () => {
        const headers = {
          'content-type': 'application/json',
          'x-signature-ed25519': 'a'.repeat(128),
          'x-signature-timestamp': String(Math.floor(Date.now() / 1_000)),
        }
        const response = await fetch(`${url}/hooks/${name}`, {
          method: 'POST',
          body: '{}',
          headers,
        })
        return response.status
      }),
    )

    expect(new Set(statuses)).toEqual(new Set([401]))
  },
)

test('a message of Salesforce is acknowledged in SOAP, and its session is kept nowhere', async () => {
  const preset = presetsByName['salesforce']?.('SALESFORCE_SECRET')
  const { signing = '' } = made.get('SALESFORCE_SECRET') ?? {}
  const request = preset?.compose({
    type: 'Case.notified',
    data: { Id: '500' },
    id: '04l-with-a-session',
    now: new Date(),
    url: `${url}/hooks/salesforce`,
    secret: signing,
  })
  const text = Buffer.from(request?.body ?? '').toString()
  const body = text.replace('<SessionId xsi:nil="true"/>', '<SessionId>alive!</SessionId>')

  const init = { method: 'POST', body, headers: request?.headers ?? {} }
  const response = await fetch(`${url}/hooks/salesforce`, init)

  expect(body).toContain('alive!')
  expect(response.status).toBe(200)
  await expect(response.text()).resolves.toContain('<Ack>true</Ack>')
  const { rows } = await house.pool.query(
    `select events::text as "row" from events where key = '04l-with-a-session'`,
  )
  expect(rows).toHaveLength(1)
  const kept = await everythingKept()
  expect(kept.includes(hexOf('</SessionId>'))).toBe(true)
  expect(kept.includes(hexOf('alive!')) || kept.includes('alive!')).toBe(false)
})

const hexOf = (text: string): string => Buffer.from(text).toString('hex')

// Every row of every table as text: bytes come as hex.
async function everythingKept(): Promise<string> {
  const { rows: tables } = await house.pool.query(
    `select table_name as name from information_schema.tables where table_schema = 'public'`,
  )
  const texts = await Promise.all(
    tables.map(async ({ name }) => {
      const { rows } = await house.pool.query(`select "${name}"::text as "row" from "${name}"`)
      return rows.map(({ row }) => String(row)).join('\n')
    }),
  )
  return texts.join('\n')
}

// What a development server tells the command line.
const server = () =>
  Promise.resolve({ url, token: null, secret: (name: string) => made.get(name)?.signing ?? null })

async function finishedRuns(source: string): Promise<string[]> {
  const { rows } = await house.pool.query(
    `select events.type from runs join events on events.id = runs.event_id
     where events.source = $1 and runs.status = 'completed'`,
    [source],
  )
  return rows.map(({ type }) => type)
}
