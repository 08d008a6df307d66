import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { describeConfig, readConfig } from '../../src/config.ts'
import { sourceSecrets } from '../../src/source-secrets.ts'
import { sources } from '../../src/triggers/sources/index.ts'

const read = (file: string): string =>
  readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
const secrets = sourceSecrets(sources)
const variables = describeConfig({}, { roles: [], secrets })

/** Lines such as `NAME=value`, and those that are commented out. */
const lines = [...read('.env.example').matchAll(/^(# )?([A-Z_]+)=(.*)$/gm)].map(
  ([, commented, name = '', value = '']) => ({ name, value, isSet: commented === undefined }),
)

test('the README lists every variable as the configuration describes it', () => {
  const section = read('README.md')
    .split(/^## /m)
    .find((part) => part.startsWith('Variables'))
  const rows = [...(section ?? '').matchAll(/^\| `(\w+)`\s*\|(.*)\|(.*)\|$/gm)]

  expect(rows.map(([, name, preset, meaning]) => [name, preset?.trim(), meaning?.trim()])).toEqual(
    variables.map(({ name, default: preset, description }) => [
      name,
      preset === null ? '' : `\`${preset}\``,
      description,
    ]),
  )
})

test('.env.example lists exactly the variables of the configuration, in their order', () => {
  expect(lines.map(({ name }) => name)).toEqual(variables.map(({ name }) => name))
})

test('.env.example says of each variable what it is', () => {
  const text = read('.env.example').replaceAll(/\n# (?![A-Z_]+=)/g, ' ')

  const silent = variables.filter(
    ({ name, description }) =>
      !new RegExp(`^(# )?${name}=`, 'm').test(text.split(description)[1]?.trimStart() ?? ''),
  )
  expect(silent).toEqual([])
})

test('.env.example shows the defaults, commented out', () => {
  const shown = lines.filter(({ isSet }) => !isSet).map(({ name, value }) => [name, value])

  expect(shown).toEqual(
    expect.arrayContaining(
      variables
        .filter(({ default: preset }) => preset !== null)
        .map(({ name, default: preset }) => [name, preset]),
    ),
  )
})

test('.env.example is complete for both roles once its empty secrets and addresses are filled in', () => {
  const filled: NodeJS.ProcessEnv = {
    DATABASE_URL: 'postgres://onset:onset@postgres:5432/onset',
    API_TOKEN: '0123456789abcdef',
    GITHUB_WEBHOOK_SECRET: '0123456789abcdef',
    REVIEWS_WEBHOOK_SECRET: 'whsec_MDEyMzQ1Njc4OWFiY2RlZg==',
  }
  const set = lines.filter(({ isSet }) => isSet)
  const env = Object.fromEntries(set.map(({ name, value }) => [name, value || filled[name]]))

  const config = readConfig(
    { ...env, DATABASE_URL: filled['DATABASE_URL'] },
    { roles: ['serve', 'work'], secrets },
  )

  expect(config).toMatchObject({ LLM_PROVIDER: 'scripted', PORT: 3000 })
})
