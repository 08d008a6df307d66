import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readOrMakeSecrets } from '../../dev/secrets.ts'

test('secrets are kept from start to start, and new ones are added', () => {
  const root = mkdtempSync(join(tmpdir(), 'onset-test-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))

  const first = readOrMakeSecrets(root, { GITHUB_WEBHOOK_SECRET: 'hex' })
  const second = readOrMakeSecrets(root, { GITHUB_WEBHOOK_SECRET: 'hex', SIGNING_SECRET: 'whsec' })

  expect(first.GITHUB_WEBHOOK_SECRET).toMatch(/^[0-9a-f]{64}$/)
  expect(second.GITHUB_WEBHOOK_SECRET).toBe(first.GITHUB_WEBHOOK_SECRET)
  expect(second.SIGNING_SECRET).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  expect(statSync(join(root, '.onset/secrets.json')).mode & 0o777).toBe(0o600)
})
