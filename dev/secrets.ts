import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'

/** Makes what a server verifies with, and what a sender signs with: the same, unless they are a pair of keys. */
type MakeSecret = () => { verifying: string; signing: string }

/** Secrets by their variables. */
interface Secrets<Name extends string> {
  verifying: Record<Name, string>
  signing: Record<Name, string>
}

/**
 * Reads the wanted secrets from `.onset/secrets.json` below `root`, and makes those that are not there yet.
 * They stay the same from start to start, so that what was signed before is still valid.
 */
export function readOrMakeSecrets<Name extends string>(
  root: string,
  wanted: Record<Name, MakeSecret>,
): Secrets<Name> {
  const file = join(root, '.onset/secrets.json')
  const kept = readKept(file)
  const made: Record<string, string> = {}
  const secrets: Secrets<string> = { verifying: {}, signing: {} }
  for (const [name, make] of Object.entries<MakeSecret>(wanted)) {
    const signingName = `${name}_TO_SIGN`
    if (kept[name] === undefined) {
      const { verifying, signing } = make()
      made[name] = verifying
      if (signing !== verifying) made[signingName] = signing
    }
    const all = { ...kept, ...made }
    secrets.verifying[name] = all[name] ?? ''
    secrets.signing[name] = all[signingName] ?? all[name] ?? ''
  }
  if (Object.keys(made).length > 0) write(file, { ...kept, ...made })
  return secrets
}

/** A token of 64 hex digits. */
export function makeToken(): { verifying: string; signing: string } {
  const token = randomBytes(32).toString('hex')
  return { verifying: token, signing: token }
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
