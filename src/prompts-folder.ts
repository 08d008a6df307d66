import { fileURLToPath } from 'node:url'

/** Where the prompts of this build are. */
export const promptsFolder = fileURLToPath(new URL('../prompts', import.meta.url))
