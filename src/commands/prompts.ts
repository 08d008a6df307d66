import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { EXIT, misuse } from '../cli/exit.ts'
import type { Print } from '../cli/print.ts'
import { generatePromptTypes } from '../models/prompt-types.ts'

const prompts = fileURLToPath(new URL('../../prompts', import.meta.url))
const types = fileURLToPath(new URL('../contracts/prompts.ts', import.meta.url))

/** Writes the types of all prompts, so that a wrong name or variable does not compile. */
export function writePromptTypes(print: Print): number {
  if (!import.meta.url.endsWith('.ts')) throw misuse('Prompt types are generated in a checkout.')
  writeFileSync(types, generatePromptTypes(prompts))
  print.error('src/contracts/prompts.ts is written.')
  return EXIT.ok
}
