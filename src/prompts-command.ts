import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Command } from './cli/command.ts'
import { EXIT, misuse } from './cli/exit.ts'
import { generatePromptTypes } from './models/prompt-types.ts'

const prompts = fileURLToPath(new URL('../prompts', import.meta.url))
const types = fileURLToPath(new URL('./contracts/prompts.ts', import.meta.url))

/** `onset prompts types`: writes the types of all prompts, so that a wrong name or variable does not compile. */
export const promptsCommand: Command = {
  name: 'prompts',
  usage: 'types',
  summary: 'Generate the types of the prompts in prompts/',
  options: {},
  positionals: { least: 1, most: 1 },
  async run({ positionals: [action] }, { print }) {
    if (action !== 'types')
      throw misuse(`Expected \`prompts types\`, received \`prompts ${action}\`.`)
    writeFileSync(types, generatePromptTypes(prompts))
    print.error('src/contracts/prompts.ts is written.')
    return EXIT.ok
  },
}
