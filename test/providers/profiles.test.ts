import { findProvider } from '@pydantic/genai-prices'
import { expect, test } from 'vitest'
import type { ProviderProfile } from '../../src/contracts/provider-profile.ts'
import { profiles, schemaModeOf } from '../../src/providers/profiles.ts'

const all = Object.entries<ProviderProfile>(profiles)

test.each(all)(
  'the price list knows the provider of the profile %s, where it has prices',
  (name, profile) => {
    const { priceProvider } = profile
    const known =
      priceProvider === null || findProvider({ providerId: priceProvider }) !== undefined

    expect(known || name === 'custom').toBe(true)
  },
)

test.each(all)('the address of %s is complete, or asked for', (_, { baseUrl }) => {
  expect(baseUrl === null || URL.canParse(baseUrl)).toBe(true)
  expect(baseUrl?.endsWith('/')).not.toBe(true)
})

test.each([
  ['openai', 'json_schema'],
  ['llamacpp', 'json_object'],
  ['anthropic', 'prompt'],
] as const)('%s is told the form of an answer by %s', (name, mode) => {
  expect(schemaModeOf(profiles[name].supports)).toBe(mode)
})
