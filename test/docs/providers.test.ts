import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { ProviderProfile } from '../../src/contracts/provider-profile.ts'
import { readModelConfig } from '../../src/models/model-config.ts'
import { profiles } from '../../src/providers/profiles.ts'

const page = readFileSync(new URL('../../docs/providers.md', import.meta.url), 'utf8')

test('the example of docs/providers.md can be used', () => {
  const [, text = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? []
  const env = { OPENAI_API_KEY: 'a', AZURE_KEY_WEST: 'b', OPENROUTER_API_KEY: 'c' }

  const reading = readModelConfig(text, { env, profiles, keysNeeded: true })

  expect(reading).toMatchObject({ outcome: 'read' })
})

test.each(Object.entries<ProviderProfile>(profiles))(
  'docs/providers.md says of the profile %s what it has',
  (name, { baseUrl, keyVariable, maxTokensField, priceProvider }) => {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\``)) ?? ''
    const [address = '', key = '', , length = '', prices = ''] = row
      .split('|')
      .slice(2)
      .map((cell) => cell.trim())

    expect(address).toContain(baseUrl ?? 'your own')
    expect(key).toBe(keyVariable === null ? 'none' : `\`${keyVariable}\``)
    expect(length).toBe(`\`${maxTokensField}\``)
    expect(name === 'custom' ? 'unknown' : prices).toContain(
      name === 'custom' ? 'unknown' : (priceProvider ?? 'none per token'),
    )
  },
)
