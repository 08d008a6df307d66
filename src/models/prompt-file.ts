import { createHash } from 'node:crypto'
import { parse } from 'yaml'
import { z } from 'zod'
import { JsonSchemaShape } from './prompt-schemas.ts'

/** A class of model; configuration says which one it is. */
export type Tier = 'fast' | 'strong'

/** The front matter of a prompt, in its own words. */
type PromptHead = z.infer<typeof PromptHead>

/** A prompt file, taken apart. */
export interface PromptFile {
  head: PromptHead
  body: string
  /** The first 12 hexadecimal digits of the file's SHA-256. */
  version: string
}

const PromptHead = z.strictObject({
  // Providers take it as the name of the output's form.
  name: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'expected lower-case words with hyphens'),
  tier: z.enum(['fast', 'strong']) satisfies z.ZodType<Tier>,
  config: z.strictObject({
    temperature: z.number().min(0).max(2).optional(),
    max_output_tokens: z.int().positive(),
    stream: z.boolean().default(true),
  }),
  input: z.strictObject({ schema: JsonSchemaShape }),
  output: z.strictObject({ schema: JsonSchemaShape }).optional(),
})

/** Takes a prompt file apart. Throws at a front matter that cannot be read. */
export function parsePromptFile(content: string): PromptFile {
  const parts = /^---\r?\n([\s\S]*?)\r?\n---\r?\n([\s\S]*)$/.exec(content)
  if (parts === null) throw new Error('Expected front matter between two lines of ---.')
  const [, front = '', body = ''] = parts
  const head = PromptHead.safeParse(parse(front))
  if (!head.success) throw new Error(`Front matter: ${oneLine(head.error)}`)
  return {
    head: head.data,
    body,
    version: createHash('sha256').update(content).digest('hex').slice(0, 12),
  }
}

const oneLine = (error: z.ZodError): string =>
  error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
