import type { z } from 'zod'
import { type Role, variables } from './variables.ts'

/** A secret that a source needs: the variable it stands in, and how to read it. */
export interface SecretVariable {
  name: string
  /** Who needs it. */
  source: string
  /** The key bytes of a secret; a string says what is wrong with it. */
  keyOf(secret: string): Buffer | string
}

type Variables = z.infer<typeof variables>

/** What the environment says, once and for all. */
export interface Config extends Omit<Variables, 'DATABASE_URL' | 'API_TOKEN' | 'LLM_PROVIDER'> {
  DATABASE_URL: string
  /** Empty where the role needs none. */
  API_TOKEN: string
  LLM_PROVIDER: 'openai' | 'scripted'
  /** Keys of the sources' secrets by the variable they stand in. */
  keys: ReadonlyMap<string, readonly Buffer[]>
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
  return { ...rest, DATABASE_URL, API_TOKEN, LLM_PROVIDER, keys }
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
  const theirs = secrets.map(({ name, source }) => ({
    name,
    description: `Secret of the source ${source}; several separated by commas while one is rotated.`,
    secret: true,
    default: null,
    requiredBy: 'serve',
  }))
  return [...own, ...theirs].map((variable) => {
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
  }
  return faults
}

function keysOf(
  env: NodeJS.ProcessEnv,
  { name, source, keyOf }: SecretVariable,
): { keys: Buffer[]; fault?: string } {
  const secrets = (env[name] ?? '').split(',').map((secret) => secret.trim())
  if (secrets.every((secret) => secret === '')) {
    return {
      keys: [],
      fault: `is missing: the source ${source} cannot verify anything without it.`,
    }
  }
  const keys: Buffer[] = []
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
