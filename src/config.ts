import { z } from 'zod'

/** Which part of Onset a process is: `serve` takes events and answers callers, `work` carries out runs. */
export type Role = 'serve' | 'work'

/** A secret that a source needs: the variable it stands in, and how to read it. */
export interface SecretVariable {
  name: string
  /** Who needs it. */
  source: string
  /** The key bytes of a secret; a string says what is wrong with it. */
  keyOf(secret: string): Buffer | string
}

interface VariableNotes {
  /** Shown as `[secret]`. */
  secret?: true
  /** Roles that cannot do without it. */
  requiredBy?: readonly Role[]
}

const port = z.coerce.number().int().min(1).max(65_535)
const note = (notes: VariableNotes): VariableNotes => notes

// One line for each variable: form, default, meaning.
const variables = z.object({
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .optional()
    .meta({
      ...note({ secret: true, requiredBy: ['serve', 'work'] }),
      description:
        'Postgres, as postgres://user:password@host/database. `dev` starts one of its own.',
    }),
  DATABASE_POOL: z.coerce
    .number()
    .int()
    .min(4)
    .default(20)
    .meta({ description: 'Connections to Postgres that one process may hold.' }),
  TEMPORAL_ADDRESS: z.string().default('127.0.0.1:7233').meta({
    description:
      'Temporal, as host:port. `dev` starts one of its own unless this is set. All TEMPORAL_… variables and profile files of Temporal’s own tools work, for TLS and API keys too.',
  }),
  TEMPORAL_NAMESPACE: z.string().default('default').meta({ description: 'Namespace in Temporal.' }),
  TEMPORAL_UI_URL: z
    .url()
    .default('http://127.0.0.1:8233')
    .meta({ description: 'Where people open the Temporal UI; for links.' }),
  TEMPORAL_METRICS_ADDRESS: z
    .string()
    .regex(/^[^:]+:\d+$/, 'Expected host:port')
    .optional()
    .meta({
      description:
        'Where the Temporal SDK offers its own Prometheus metrics, as host:port. Off where empty.',
    }),
  HOST: z
    .string()
    .default('127.0.0.1')
    .meta({ description: 'Address that `serve` listens on. 0.0.0.0 for all; put TLS in front.' }),
  PORT: port.default(3000).meta({ description: 'Port of the webhooks and the API.' }),
  HEALTH_PORT: port.optional().meta({
    description: 'Port on which `work` answers /healthz, /readyz and /metrics. Off where empty.',
  }),
  PUBLIC_URL: z
    .url()
    .optional()
    .meta({ description: 'How senders reach `serve`; http://HOST:PORT where empty.' }),
  API_TOKEN: z
    .string()
    .regex(/^\S{16,}$/, 'Expected at least 16 characters without spaces')
    .optional()
    .meta({
      ...note({ secret: true, requiredBy: ['serve'] }),
      description: 'Bearer token of the API, at least 16 characters. `dev` makes one.',
    }),
  LLM_PROVIDER: z.enum(['openai', 'scripted']).optional().meta({
    description:
      'openai (any compatible server) or scripted (a stand-in without a key). openai once OPENAI_API_KEY is set; `dev` falls back to scripted.',
  }),
  OPENAI_API_KEY: z
    .string()
    .optional()
    .meta({
      ...note({ secret: true }),
      description: 'Key of the model provider. Needed by `work` unless LLM_PROVIDER is scripted.',
    }),
  OPENAI_BASE_URL: z
    .url()
    .default('https://api.openai.com/v1')
    .meta({ description: 'Any OpenAI-compatible server.' }),
  LLM_MODEL_FAST: z
    .string()
    .min(1)
    .default('gpt-5.4-mini')
    .meta({ description: 'Model of prompts with `tier: fast`.' }),
  LLM_MODEL_STRONG: z
    .string()
    .min(1)
    .default('gpt-5.5')
    .meta({ description: 'Model of prompts with `tier: strong`.' }),
  LLM_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .default(20)
    .meta({ description: 'Model calls under way at once in one process.' }),
  LLM_TIMEOUT_SECONDS: z.coerce
    .number()
    .positive()
    .default(120)
    .meta({ description: 'How long a model may take to its first token.' }),
  SHUTDOWN_GRACE_SECONDS: z.coerce
    .number()
    .min(0)
    .default(30)
    .meta({ description: 'How long work in hand may go on after a stop.' }),
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .meta({ description: 'What is logged.' }),
  TEMPORAL_PORT: port
    .default(7233)
    .meta({ description: '`dev` only: port of the Temporal that it starts.' }),
  TEMPORAL_UI_PORT: port
    .default(8233)
    .meta({ description: '`dev` only: port of the Temporal UI.' }),
  POSTGRES_PORT: port.optional().meta({
    description: '`dev` only: port of the Postgres that it starts; any free one where empty.',
  }),
})

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
    const { description = '', secret } = schema.meta() ?? {}
    const preset = schema.safeParse(undefined).data
    return {
      name,
      description,
      secret: secret === true,
      default: preset === undefined ? null : String(preset),
    }
  })
  const theirs = secrets.map(({ name, source }) => ({
    name,
    description: `Secret of the source ${source}; several separated by commas while one is rotated.`,
    secret: true,
    default: null,
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
