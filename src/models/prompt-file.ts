import { LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { faultAt } from './prompt-faults.ts'
import { JsonSchemaShape } from './prompt-schemas.ts'
import { TrimRule } from './prompt-trim.ts'

/** A class of model; configuration says which ones it stands for. */
export type Tier = string

/** The front matter of a prompt, in its own words. */
export type PromptHead = z.infer<typeof PromptHead>

/** A prompt file, taken apart. */
export interface PromptFile {
  head: PromptHead
  body: string
  /** The line of the file with which the body begins. */
  bodyLine: number
  /** The line of the file in which the front matter says something; that of what is around it where it does not. */
  lineOf(path: readonly PropertyKey[]): number
}

// Characters. Reading twice as many would hold the event loop noticeably.
const LONGEST_FILE = 100_000
const LONGEST_FRONT = 30_000

const MOST_EXAMPLES = 50

const PromptHead = z
  .strictObject({
    // Providers take it as the name of the output's form.
    name: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'expected lower-case words with hyphens'),
    tier: z
      .string()
      .regex(/^[a-z][a-z0-9-]*$/, 'expected a word in lower case')
      .optional(),
    model: z
      .string()
      .regex(/^[a-z][a-z0-9-]*\/\S+$/, 'expected provider/model')
      .optional(),
    fallback: z.boolean().default(false),
    config: z.strictObject({
      temperature: z.number().min(0).max(2).optional(),
      max_output_tokens: z.int().positive(),
      stream: z.boolean().default(true),
    }),
    input: z.strictObject({ schema: JsonSchemaShape }),
    output: z.strictObject({ schema: JsonSchemaShape }).optional(),
    examples: z
      .array(z.strictObject({ input: z.record(z.string(), z.unknown()), output: z.unknown() }))
      .max(MOST_EXAMPLES)
      .default([]),
    trim: z.record(z.string(), TrimRule).default({}),
  })
  .refine(({ tier, model }) => (tier === undefined) !== (model === undefined), {
    message: 'expected a tier, or a model in its place',
  })

/** Takes a prompt file apart. Throws at a front matter that cannot be read, naming the line. */
export function parsePromptFile(content: string): PromptFile {
  if (content.length > LONGEST_FILE) {
    throw new Error(`Expected ${LONGEST_FILE} characters at most, received ${content.length}.`)
  }
  const parts = /^---\r?\n([\s\S]*?)\r?\n---\r?\n([\s\S]*)$/.exec(content)
  if (parts === null) throw new Error('Expected front matter between two lines of ---.')
  const [, front = '', body = ''] = parts
  if (front.length > LONGEST_FRONT) {
    throw new Error(
      `Expected front matter of ${LONGEST_FRONT} characters at most, received ${front.length}.`,
    )
  }
  const { value, lineOf } = readYaml(front)
  const head = PromptHead.safeParse(value)
  if (!head.success) {
    const [first, ...more] = head.error.issues.map(({ path, message }) => ({
      line: lineOf(path),
      message: `${path.join('.') || 'front matter'}: ${message}`,
    }))
    throw faultAt(
      { line: first?.line ?? 1 },
      [first?.message, ...more.map((each) => `line ${each.line}: ${each.message}`)].join('; '),
    )
  }
  const bodyLine = content.slice(0, content.length - body.length).split('\n').length
  return { head: head.data, body, bodyLine, lineOf }
}

function readYaml(front: string): { value: unknown; lineOf: PromptFile['lineOf'] } {
  const lines = new LineCounter()
  // As long as the line of --- that stands above it, so that lines are those of the file.
  const document = parseDocument(`\n${front}`, { lineCounter: lines, prettyErrors: false })
  const [error] = document.errors
  if (error !== undefined) throw faultAt({ line: lines.linePos(error.pos[0]).line }, error.message)
  return { value: document.toJS(), lineOf }

  function lineOf(path: readonly PropertyKey[]): number {
    const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true)
    const start = startOf(node)
    if (start !== undefined) return lines.linePos(start).line
    return path.length === 0 ? 1 : lineOf(path.slice(0, -1))
  }
}

function startOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined
  return Array.isArray(node.range) && typeof node.range[0] === 'number' ? node.range[0] : undefined
}
