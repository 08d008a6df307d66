import { z } from 'zod'

const instant = z.iso.datetime().describe('ISO 8601 in UTC')
// Postgres has no place for NUL.
const text = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^[^\0]*$/, 'must not contain NUL')
const by = text(200).min(1).default('api')
const word = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'expected lower-case words with hyphens')
const number = z.int().min(1).max(2_147_483_647)

/** One text that a prompt has had. */
const PromptVersion = z.object({
  name: z.string(),
  version: z.int(),
  sha256: z.string().describe('Of the text and the partials that it uses'),
  schemasSha256: z.string().describe('Of what it takes and answers'),
  author: z.string(),
  message: z.string().nullable(),
  createdAt: instant,
})

/** Where a label points, and from when on. */
export const PromptLabel = z.object({
  name: z.string(),
  label: z.string(),
  version: z.int(),
  percent: z
    .int()
    .describe('The share of runs that it is for; the others stay with the entry before'),
  at: instant,
  by: z.string(),
})

/** All prompts by name. */
export const PromptList = z.object({
  prompts: z.array(
    z.object({
      name: z.string(),
      latest: z.int(),
      versions: z.int(),
      labels: z.record(z.string(), z.int()).describe('The version that each label points to'),
      updatedAt: instant,
    }),
  ),
})

/** Everything that a prompt has been, the youngest first. */
export const PromptHistory = z.object({
  name: z.string(),
  versions: z.array(PromptVersion),
  labels: z.array(PromptLabel),
})

/** A version with its text. */
export const PromptText = PromptVersion.extend({
  content: z.string(),
  partials: z.record(z.string(), z.string()).describe('The partials that it uses, by name'),
})

/** A text that is to become a version. */
export const PromptPush = z.strictObject({
  content: text(100_000),
  partials: z
    .record(word, text(100_000))
    .default({})
    .describe('Text by name; unused ones are left out'),
  message: text(2000).optional(),
  by,
})

/** What became of a text. */
export const PromptPushed = PromptVersion.extend({
  created: z.boolean().describe('False where this version had the text already'),
  fitsBuild: z.boolean().describe('Whether labels may point to it in the build that runs'),
})

/** Where a label is to point. */
export const PromptLabelling = z.strictObject({
  label: word,
  version: number,
  percent: z.int().min(1).max(100).default(100),
  by,
})

/** A call of a prompt, outside of the runs that use it. */
export const PromptCall = z
  .strictObject({
    input: z
      .record(z.string(), z.unknown())
      .default({})
      .describe('What the prompt takes: fits its input schema'),
    label: word.optional().describe('Calls the version that it points to; production by default'),
    version: number.optional().describe('Calls this version, in the place of a labelled one'),
    tier: text(200)
      .min(1)
      .optional()
      .describe('Who answers, in the place of whom the prompt names'),
    model: text(200)
      .regex(/^[^/]+\/./, 'expected provider/model')
      .optional()
      .describe('provider/model: who answers, in the place of whom the prompt names'),
    by,
  })
  .refine(({ label, version }) => label === undefined || version === undefined, {
    path: ['version'],
    message: 'expected a label or a version, not both',
  })
  .refine(({ tier, model }) => tier === undefined || model === undefined, {
    path: ['model'],
    message: 'expected a tier or a model, not both',
  })
