import type { KeyObject } from 'node:crypto'
import type { z } from 'zod'
import { type IsListed, readNetworks } from './triggers/webhook/addresses.ts'
import { type Role, variables } from './variables.ts'

/** A secret that a source needs: the variable it stands in, and how to read it. */
export interface SecretVariable {
  name: string
  /** Who needs it. */
  source: string
  /** What stands in it, for people. */
  meaning: string
  /** The secrets in the text of the variable. */
  secretsIn(text: string): string[]
  /** The key of a secret; a string says what is wrong with it, too short for use included. */
  keyOf(secret: string): KeyObject | string
  /** The variable with the networks from which alone the source takes anything. */
  addressesVariable?: string
  /** Whether the source means nothing without a trusted proxy. */
  needsProxy?: true
}

type Variables = z.infer<typeof variables>

/** What the environment says, once and for all. */
export interface Config extends Omit<Variables, 'DATABASE_URL' | 'API_TOKEN' | 'LLM_PROVIDER'> {
  DATABASE_URL: string
  /** Empty where the role needs none. */
  API_TOKEN: string
  LLM_PROVIDER: 'openai' | 'scripted'
  /** Keys of the sources' secrets by the variable they stand in. */
  keys: ReadonlyMap<string, readonly KeyObject[]>
  /** Networks of the sources by the variable they stand in. */
  networks: ReadonlyMap<string, IsListed>
}

/** One variable as `onset doctor` shows it. */
export interface VariableReport {
  name: string
  /** Null where unset. Secrets are masked. */
  value: string | null
  default: string | null
  secret: boolean
  description: string
  /** Roles that cannot do without it, separated by commas. */
  requiredBy: string
  fault: string | null
}

/** The environment cannot be used. Its message lists every fault. */
export class ConfigFault extends Error {
  override readonly name = 'ConfigFault'
}

interface Reading {
  roles: readonly Role[]
  secrets: readonly SecretVariable[]
}

/** Reads the environment for these roles. Throws one {@link ConfigFault} with all faults. */
export function readConfig(env: NodeJS.ProcessEnv, { roles, secrets }: Reading): Config {
  const faults = faultsOf(env, { roles, secrets })
  const parsed = variables.safeParse(withoutEmpty(env))
  if (faults.size > 0 || !parsed.success) {
    const lines = [...faults].map(([name, fault]) => `  ${name} ${fault}`)
    throw new ConfigFault(
      `The environment is not complete:\n${lines.join('\n')}\n\`npx onset doctor\` lists every variable.`,
    )
  }
  const { DATABASE_URL = '', API_TOKEN = '', LLM_PROVIDER = 'openai', ...rest } = parsed.data
  const keys = new Map(secrets.map((secret) => [secret.name, keysOf(env, secret).keys]))
  const networks = new Map(
    addressesOf(secrets).flatMap(({ name, source }): [string, IsListed][] => {
      const { isListed } = networksOf(env, { name, source })
      return isListed === undefined ? [] : [[name, isListed]]
    }),
  )
  return { ...rest, DATABASE_URL, API_TOKEN, LLM_PROVIDER, keys, networks }
}

/** Every variable with its value, default, meaning and fault. */
export function describeConfig(
  env: NodeJS.ProcessEnv,
  { roles, secrets }: Reading,
): VariableReport[] {
  const faults = faultsOf(env, { roles, secrets })
  const own = Object.entries(variables.shape).map(([name, schema]) => {
    const { description = '', secret, requiredBy } = schema.meta() ?? {}
    const preset = schema.safeParse(undefined).data
    return {
      name,
      description,
      secret: secret === true,
      default: preset === undefined ? null : String(preset),
      requiredBy: Array.isArray(requiredBy) ? requiredBy.join(', ') : '',
    }
  })
  const theirs = secrets.map(({ name, source, meaning }) => ({
    name,
    description: `${meaning} of the source ${source}; several separated by commas while one is rotated.`,
    secret: true,
    default: null,
    requiredBy: 'serve',
  }))
  const lists = addressesOf(secrets).map(({ name, source }) => ({
    name,
    description: `Networks from which alone the source ${source} takes anything, separated by commas.`,
    secret: false,
    default: null,
    requiredBy: 'serve',
  }))
  return [...own, ...theirs, ...lists].map((variable) => {
    const given = env[variable.name] ?? ''
    const shown = variable.secret ? '[secret]' : given
    return {
      ...variable,
      value: given === '' ? null : shown,
      fault: faults.get(variable.name) ?? null,
    }
  })
}

function faultsOf(env: NodeJS.ProcessEnv, { roles, secrets }: Reading): Map<string, string> {
  const faults = new Map<string, string>()
  const values = withoutEmpty(env)
  for (const issue of variables.safeParse(values).error?.issues ?? []) {
    faults.set(issue.path.join('.'), `is wrong: ${issue.message}`)
  }
  for (const [name, schema] of Object.entries(variables.shape)) {
    const requiredBy = schema.meta()?.['requiredBy']
    const role = roles.find(
      (candidate) => Array.isArray(requiredBy) && requiredBy.includes(candidate),
    )
    if (role !== undefined && values[name] === undefined)
      faults.set(name, `is missing: \`${role}\` needs it.`)
  }
  if (
    roles.includes('work') &&
    values['LLM_PROVIDER'] !== 'scripted' &&
    values['LLM_CONFIG'] === undefined &&
    values['OPENAI_API_KEY'] === undefined
  ) {
    faults.set(
      'OPENAI_API_KEY',
      'is missing: `work` needs it, or LLM_PROVIDER=scripted for a stand-in.',
    )
  }
  if (!roles.includes('serve')) return faults
  for (const secret of secrets) {
    const { fault } = keysOf(env, secret)
    if (fault !== undefined) faults.set(secret.name, fault)
    if (secret.needsProxy === true && values['TRUSTED_PROXIES'] === undefined) {
      faults.set(
        'TRUSTED_PROXIES',
        `is missing: the source ${secret.source} believes only what a trusted proxy says.`,
      )
    }
  }
  for (const variable of addressesOf(secrets)) {
    const { fault } = networksOf(env, variable)
    if (fault !== undefined) faults.set(variable.name, fault)
  }
  return faults
}

const addressesOf = (secrets: readonly SecretVariable[]): { name: string; source: string }[] =>
  secrets.flatMap(({ addressesVariable: name, source }) =>
    name === undefined ? [] : [{ name, source }],
  )

function networksOf(
  env: NodeJS.ProcessEnv,
  { name, source }: { name: string; source: string },
): { isListed?: IsListed; fault?: string } {
  const text = env[name] ?? ''
  if (text.trim() === '') {
    return { fault: `is missing: the source ${source} takes nothing from anywhere without it.` }
  }
  const isListed = readNetworks(text)
  return typeof isListed === 'string' ? { fault: `${isListed}.` } : { isListed }
}

function keysOf(
  env: NodeJS.ProcessEnv,
  { name, source, secretsIn, keyOf }: SecretVariable,
): { keys: KeyObject[]; fault?: string } {
  const secrets = secretsIn(env[name] ?? '')
  if (secrets.every((secret) => secret === '')) {
    return {
      keys: [],
      fault: `is missing: the source ${source} cannot verify anything without it.`,
    }
  }
  const keys: KeyObject[] = []
  for (const secret of secrets) {
    const key = keyOf(secret)
    if (typeof key === 'string')
      return { keys: [], fault: `${key}: the source ${source} needs it.` }
    keys.push(key)
  }
  return { keys }
}

// An empty variable, as compose files pass on, counts as unset.
const withoutEmpty = (env: NodeJS.ProcessEnv): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
