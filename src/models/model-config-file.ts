import { parseDocument } from 'yaml'
import { z } from 'zod'
import { parseDollars } from '../contracts/money.ts'

/** What a file of providers and tiers says, and every fault of it. */
export type ConfigFileReading =
  | { outcome: 'read'; file: ModelConfigFile }
  | { outcome: 'faulty'; faults: string[] }

/** Providers and tiers as they are written down. */
export type ModelConfigFile = z.infer<typeof ConfigFile>

/** One provider as it is written down. */
export type ProviderEntry = z.infer<typeof Provider>

const KEY_REFERENCE = /^env:[A-Za-z_]\w*$/
const rate = z.number().positive()
const Rates = z.strictObject({ rpm: rate.optional(), tpm: rate.optional() })

const Dollars = z.union([z.number(), z.string()]).transform((value, context) => {
  const micros = parseDollars(String(value))
  if (micros === null)
    context.addIssue({ code: 'custom', message: 'expected dollars, such as 0.25' })
  return micros ?? 0
})

const Provider = z.strictObject({
  profile: z.string().optional(),
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  // Never repeated in a message: what stands here by mistake is a secret.
  apiKey: z
    .string()
    .refine((text) => KEY_REFERENCE.test(text), {
      message: 'expected a reference such as env:OPENAI_API_KEY; a key itself does not belong here',
    })
    .optional(),
  api: z.enum(['chat', 'responses']).optional(),
  maxTokensField: z.enum(['max_completion_tokens', 'max_tokens']).optional(),
  supports: z
    .strictObject({
      jsonSchema: z.boolean().optional(),
      jsonObject: z.boolean().optional(),
      strictTools: z.boolean().optional(),
      streamUsage: z.boolean().optional(),
      developerRole: z.boolean().optional(),
      background: z.boolean().optional(),
    })
    .optional(),
  limits: Rates.extend({
    concurrency: z.int().positive().optional(),
    /** Limits of single models, in the place of those of the provider. */
    models: z.record(z.string(), Rates).optional(),
  }).optional(),
  price: z
    .union([
      z.strictObject({ provider: z.string().min(1) }),
      z.strictObject({ input: Dollars, output: Dollars, cachedInput: Dollars.optional() }),
    ])
    .optional(),
})

// The names are those that prompts may use.
const Name = z.string().regex(/^[a-z][a-z0-9-]*$/, 'expected lower-case words with hyphens')

const ConfigFile = z.strictObject({
  providers: z.record(Name, Provider),
  tiers: z.record(Name, z.array(z.string()).min(1)),
})

/** Reads the YAML of a file of providers and tiers. */
export function readConfigFile(text: string): ConfigFileReading {
  const document = parseDocument(text)
  if (document.errors.length > 0) {
    return { outcome: 'faulty', faults: document.errors.map(({ message }) => firstLine(message)) }
  }
  const parsed = ConfigFile.safeParse(document.toJS())
  if (parsed.success) return { outcome: 'read', file: parsed.data }
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  return { outcome: 'faulty', faults }
}

// The rest shows the lines around it, in which a key may stand.
const firstLine = (message: string): string => message.split('\n')[0] ?? ''
