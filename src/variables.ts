import { z } from 'zod'
import { readNetworks } from './triggers/webhook/addresses.ts'

/** Which part of Onset a process is: `serve` takes events and answers callers, `work` carries out runs. */
export type Role = 'serve' | 'work'

interface VariableNotes {
  /** Shown as `[secret]`. */
  secret?: true
  /** Roles that cannot do without it. */
  requiredBy?: readonly Role[]
}

const port = z.coerce.number().int().min(1).max(65_535)
const note = (notes: VariableNotes): VariableNotes => notes

/** Every environment variable but the secrets of sources: its form, default and meaning. */
export const variables = z.object({
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
    .meta({ description: 'Address to listen on. 0.0.0.0 for all; put TLS in front.' }),
  PORT: port.default(3000).meta({ description: 'Port of the webhooks and the API.' }),
  PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .regex(/^[^?#]*$/, 'Expected no query')
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .meta({
      description:
        'Under which URL senders reach us, such as https://hooks.example.org, with a path where a proxy takes one off. Some senders sign it.',
    }),
  TRUSTED_PROXIES: z
    .string()
    .superRefine((networks, context) => {
      const read = readNetworks(networks)
      if (typeof read === 'string') context.addIssue(`It ${read}.`)
    })
    .optional()
    .meta({
      description:
        'Proxies whose X-Forwarded-… headers are believed, as networks such as 10.0.0.0/8,::1 separated by commas. None where empty.',
    }),
  INBOX_MAX_OPEN_EVENTS: z.coerce.number().int().min(1).max(100_000_000).default(1_000_000).meta({
    description:
      'With more events left to dispatch, senders who deliver again are answered 503. The others are kept.',
  }),
  INBOX_MAX_AGE_SECONDS: z.coerce.number().int().min(1).default(86_400).meta({
    description:
      'The same once the oldest event waits for longer: a day, as an outage of Temporal for hours is no reason to refuse anybody.',
  }),
  HEALTH_PORT: port.optional().meta({
    description: 'Port on which `work` answers /healthz, /readyz and /metrics. Off where empty.',
  }),
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
  LLM_CONFIG: z.string().min(1).optional().meta({
    description:
      'File with providers, keys by reference, limits and tiers (docs/providers.md). In its place OPENAI_… and LLM_MODEL_… make one provider and two tiers.',
  }),
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
  LLM_SCHEMA_MODE: z.enum(['json_schema', 'json_object', 'prompt']).default('json_schema').meta({
    description:
      'How the provider is told the form of an answer: OpenAI’s json_schema, json_object (servers on llama.cpp), or prompt (by words alone).',
  }),
  LLM_MAX_TOKENS_FIELD: z
    .enum(['max_completion_tokens', 'max_tokens'])
    .default('max_completion_tokens')
    .meta({
      description:
        'Where the provider reads how long an answer may become; max_tokens for older servers.',
    }),
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
  LLM_RECORD_CONTENT: z.stringbool().default(false).meta({
    description:
      'Whether spans contain questions and answers; they may hold what nobody else is to read.',
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({
      description:
        'Collector that gets a span for each model call, as OTLP over HTTP in JSON at /v1/traces below it. Off where empty.',
    }),
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .optional()
    .meta({
      ...note({ secret: true }),
      description:
        'Headers for the collector, as name=value separated by commas, values percent-encoded.',
    }),
  OTEL_SERVICE_NAME: z
    .string()
    .min(1)
    .default('onset')
    .meta({ description: 'What this process is called in spans.' }),
  SHUTDOWN_GRACE_SECONDS: z.coerce
    .number()
    .min(0)
    .default(30)
    .meta({ description: 'How long work in hand may go on after a stop.' }),
  RETENTION_DAYS: z.coerce.number().int().min(1).default(30).meta({
    description:
      'How long events are kept once nothing is left to do with them; never shorter than their source remembers its ids.',
  }),
  QUARANTINE_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .default(90)
    .meta({ description: 'How long an event in quarantine can be released before it expires.' }),
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
