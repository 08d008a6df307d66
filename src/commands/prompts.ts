import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { EXIT, misuse } from '../cli/exit.ts'
import type { Print } from '../cli/print.ts'
import { generatePromptTypes } from '../models/prompt-types.ts'
import { type Prompt, readPrompts } from '../models/prompts.ts'
import { promptsFolder } from '../prompts-folder.ts'

const types = fileURLToPath(new URL('../contracts/prompts.ts', import.meta.url))

/** Writes the types of all prompts, so that a wrong name or variable does not compile. */
export function generateTypes(print: Print): number {
  if (!import.meta.url.endsWith('.ts')) throw misuse('Prompt types are generated in a checkout.')
  const written = writePromptTypes(readPrompts(promptsFolder).values())
  print.error(`src/contracts/prompts.ts is ${written ? 'written' : 'up to date'}.`)
  return EXIT.ok
}

/** The same for these prompts. Leaves a file that says so already alone, and answers whether it wrote. */
export function writePromptTypes(prompts: Iterable<Prompt>): boolean {
  const text = generatePromptTypes(prompts)
  if (existsSync(types) && readFileSync(types, 'utf8') === text) return false
  writeFileSync(types, text)
  return true
}
