import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeToken, readOrMakeSecrets } from '../../dev/secrets.ts'

test('secrets are kept from start to start, and new ones are added', () => {
  const root = mkdtempSync(join(tmpdir(), 'onset-test-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))

  const first = readOrMakeSecrets(root, { GITHUB_WEBHOOK_SECRET: makeToken })
  const second = readOrMakeSecrets(root, {
    GITHUB_WEBHOOK_SECRET: makeToken,
    PUBLIC_KEY: () => ({ verifying: 'public', signing: 'private' }),
  })

  expect(first.verifying.GITHUB_WEBHOOK_SECRET).toMatch(/^[0-9a-f]{64}$/)
  expect(first.signing).toEqual(first.verifying)
  expect(second.verifying.GITHUB_WEBHOOK_SECRET).toBe(first.verifying.GITHUB_WEBHOOK_SECRET)
  expect(second.signing.PUBLIC_KEY).toBe('private')
  expect(readOrMakeSecrets(root, { PUBLIC_KEY: makeToken })).toEqual({
    verifying: { PUBLIC_KEY: 'public' },
    signing: { PUBLIC_KEY: 'private' },
  })
  expect(statSync(join(root, '.onset/secrets.json')).mode & 0o777).toBe(0o600)
})
