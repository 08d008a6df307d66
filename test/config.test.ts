import { expect, test } from 'vitest'
import { ConfigFault, describeConfig, readConfig } from '../src/config.ts'
import type { Role } from '../src/variables.ts'
import { sourceSecrets } from '../src/source-secrets.ts'
import { sources } from '../src/triggers/sources/index.ts'
import { secrets as ownSecrets } from './house.ts'

const secrets = sourceSecrets(sources)
const complete = {
  DATABASE_URL: 'postgres://user:hunter2@localhost/onset',
  API_TOKEN: 'a-token-for-tests-only',
  LLM_PROVIDER: 'scripted',
  ...ownSecrets,
}

const faultOf = (env: NodeJS.ProcessEnv, roles: Role[] = ['serve', 'work']): string => {
  try {
    readConfig(env, { roles, secrets })
  } catch (error) {
    if (error instanceof ConfigFault) return error.message
    throw error
  }
  return 'none'
}

test('a complete environment is read, with defaults for the rest', () => {
  const config = readConfig(complete, { roles: ['serve', 'work'], secrets })

  expect(config).toMatchObject({ PORT: 3000, HOST: '127.0.0.1', TEMPORAL_NAMESPACE: 'default' })
  expect(config.keys.get('GITHUB_WEBHOOK_SECRET')).toHaveLength(1)
})

test('all faults are reported together, each naming its variable', () => {
  const message = faultOf({ PORT: 'high', LOG_LEVEL: 'loud' })

  for (const name of [
    'PORT',
    'LOG_LEVEL',
    'DATABASE_URL',
    'API_TOKEN',
    'OPENAI_API_KEY',
    ...Object.keys(ownSecrets),
  ]) {
    expect(message).toContain(name)
  }
})

test.each([
  ['no secret', ''],
  ['a short secret', 'short'],
  ['nothing but commas', ' , '],
  ['one good and one empty secret', 'a secret that is long enough,'],
])('an endpoint with %s does not start, and the message names the variable', (_, secret) => {
  expect(faultOf({ ...complete, GITHUB_WEBHOOK_SECRET: secret })).toContain('GITHUB_WEBHOOK_SECRET')
})

test('several secrets are several keys, while one is rotated', () => {
  const GITHUB_WEBHOOK_SECRET = 'the old secret of GitHub, the new secret of GitHub'
  const config = readConfig({ ...complete, GITHUB_WEBHOOK_SECRET }, { roles: ['serve'], secrets })

  expect(config.keys.get('GITHUB_WEBHOOK_SECRET')).toHaveLength(2)
})

test('a role needs only what it uses', () => {
  const { DATABASE_URL } = complete

  expect(faultOf({ DATABASE_URL, OPENAI_API_KEY: 'key' }, ['work'])).toBe('none')
  expect(faultOf({ ...complete, LLM_PROVIDER: '' }, ['serve'])).toBe('none')
})

test.each([
  ['TRUSTED_PROXIES', '10.0.0.0/8,example.org', "has 'example.org'"],
  ['PUBLIC_URL', 'ftp://example.org', 'is wrong'],
  ['PUBLIC_URL', 'https://example.org/?a=b', 'no query'],
  ['INBOX_MAX_OPEN_EVENTS', '0', 'is wrong'],
])('%s=%s stops the start', (name, value, fault) => {
  const message = faultOf({ ...complete, [name]: value })

  expect(message).toContain(name)
  expect(message).toContain(fault)
})

test('the public URL loses its last slash', () => {
  const env = { ...complete, PUBLIC_URL: 'https://Example.org/hooks/' }

  expect(readConfig(env, { roles: ['serve'], secrets }).PUBLIC_URL).toBe(
    'https://Example.org/hooks',
  )
})

const listed = secrets.map((secret) => ({ ...secret, addressesVariable: 'ADDRESSES' }))

test.each([
  ['missing', '', 'is missing'],
  ['malformed', '192.0.2.0/40', "has '192.0.2.0/40'"],
])('a list of addresses that is %s stops the start', (_, ADDRESSES, fault) => {
  const read = () => readConfig({ ...complete, ADDRESSES }, { roles: ['serve'], secrets: listed })

  expect(read).toThrow(`ADDRESSES ${fault}`)
})

test('a list of addresses is read, and is among the variables', () => {
  const env = { ...complete, ADDRESSES: '192.0.2.0/24' }
  const reading = { roles: ['serve'] as const, secrets: listed }

  expect(readConfig(env, reading).networks.get('ADDRESSES')?.('192.0.2.1')).toBe(true)
  expect(describeConfig(env, reading).find(({ name }) => name === 'ADDRESSES')).toMatchObject({
    value: '192.0.2.0/24',
    secret: false,
    fault: null,
  })
})

test('a source that means nothing without a proxy does not start without one', () => {
  const proxied = secrets.map((secret) => ({ ...secret, needsProxy: true as const }))
  const read = (TRUSTED_PROXIES: string) =>
    readConfig({ ...complete, TRUSTED_PROXIES }, { roles: ['serve'], secrets: proxied })

  expect(() => read('')).toThrow('TRUSTED_PROXIES is missing')
  expect(read('10.0.0.0/8').TRUSTED_PROXIES).toBe('10.0.0.0/8')
})

test('an empty variable counts as unset', () => {
  expect(readConfig({ ...complete, PORT: '' }, { roles: ['serve'], secrets }).PORT).toBe(3000)
})

test('the description has every variable with its meaning, and shows no secret', () => {
  const described = describeConfig(
    { ...complete, PORT: '0' },
    { roles: ['serve', 'work'], secrets },
  )

  expect(described.filter(({ description }) => description === '')).toEqual([])
  expect(described.find(({ name }) => name === 'PORT')).toMatchObject({
    value: '0',
    default: '3000',
    fault: expect.stringContaining('is wrong'),
  })
  expect(JSON.stringify(described)).not.toContain('hunter2')
  expect(JSON.stringify(described)).not.toContain(ownSecrets.GITHUB_WEBHOOK_SECRET)
})
