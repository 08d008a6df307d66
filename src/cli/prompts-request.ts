import { PromptLabel } from '../api/prompt-schemas.ts'
import type { PromptSource } from '../contracts/prompt-source.ts'
import type { ApiClient } from './api-client.ts'
import type { CommandInput } from './command.ts'
import type { Print } from './print.ts'

/** What a subcommand of `prompts` works with. */
export interface PromptsRequest {
  client: ApiClient
  /** What follows the subcommand. */
  words: string[]
  input: CommandInput
  print: Print
  user: string
  /** The folder of prompt files. */
  folder: string
  readSources: () => Promise<PromptSource[]>
}

/** The path of a prompt in the API. */
export const pathOf = (name: string): string => `/api/prompts/${encodeURIComponent(name)}`

/** Lets a label point to a version. */
export async function moveLabel(
  client: ApiClient,
  {
    name,
    percent,
    ...entry
  }: { name: string; label: string; version: number; percent?: number | undefined; by: string },
) {
  const body = JSON.stringify({ ...entry, ...(percent === undefined ? {} : { percent }) })
  return PromptLabel.parse(await client.post(`${pathOf(name)}/labels`, { body }))
}
