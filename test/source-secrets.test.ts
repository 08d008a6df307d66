import { createSecretKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { shortSecrets } from '../src/source-secrets.ts'
import { defineSource } from '../src/triggers/define.ts'
import { discord, github } from '../src/triggers/webhook/presets/index.ts'
import { webhook } from '../src/triggers/webhook/webhook.ts'

const sources = [
  defineSource({ name: 'github', kind: webhook({ verify: github('GITHUB_SECRET') }) }),
  defineSource({ name: 'discord', kind: webhook({ verify: discord('DISCORD_KEY') }) }),
]

test.each([
  [[32], false],
  [[24], false],
  [[23], true],
  [[32, 16], true],
])('of keys of %j bytes it is said that one is short: %s', (sizes, isShort) => {
  const keys = sizes.map((size) => createSecretKey(Buffer.alloc(size)))

  const found = shortSecrets(sources, new Map([['GITHUB_SECRET', keys]]))

  expect(found).toEqual(isShort ? [{ source: 'github', variable: 'GITHUB_SECRET' }] : [])
})
