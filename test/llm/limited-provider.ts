import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { ModelServer } from '../outages/model-server.ts'

/** Writes a configuration with one provider, which may be asked so often a minute; answers its path, for LLM_CONFIG. */
export function limitedProvider(
  { baseUrl }: Pick<ModelServer, 'baseUrl'>,
  perMinute: number,
): string {
  const folder = mkdtempSync(join(tmpdir(), 'onset-test-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'models.yaml')
  writeFileSync(
    file,
    `
providers:
  limited:
    profile: custom
    baseUrl: ${baseUrl}
    limits: { rpm: ${perMinute} }
tiers: { fast: [limited/gpt-5-mini], strong: [limited/gpt-5-mini] }
`,
  )
  return file
}
