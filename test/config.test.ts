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
