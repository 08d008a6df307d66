import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'

/** What a secret looks like: 64 hex digits, or the `whsec_…` of Standard Webhooks. */
export type SecretKind = 'hex' | 'whsec'

/**
 * Reads the wanted secrets from `.onset/secrets.json` below `root`, and makes those that are not there yet.
 * They stay the same from start to start, so that what was signed before is still valid.
 */
export function readOrMakeSecrets<Name extends string>(
  root: string,
  wanted: Record<Name, SecretKind>,
): Record<Name, string> {
  const file = join(root, '.onset/secrets.json')
  const kept = readKept(file)
  const made: Record<string, string> = {}
  const secrets: Record<string, string> = {}
  for (const [name, kind] of Object.entries<SecretKind>(wanted)) {
    secrets[name] = kept[name] ?? (made[name] = makeSecret(kind))
  }
  if (Object.keys(made).length > 0) write(file, { ...kept, ...made })
  return secrets
}

function makeSecret(kind: SecretKind): string {
  const bytes = randomBytes(32)
  return kind === 'hex' ? bytes.toString('hex') : `whsec_${bytes.toString('base64')}`
}

function readKept(file: string): Record<string, string> {
  if (!existsSync(file)) return {}
  try {
    return z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (cause) {
    throw new Error(`${file} should be a JSON object of strings. Repair or delete it.`, { cause })
  }
}

function write(file: string, secrets: Record<string, string>): void {
  mkdirSync(dirname(file), { recursive: true })
  const unfinished = `${file}.${process.pid}`
  writeFileSync(unfinished, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 })
  renameSync(unfinished, file)
}
