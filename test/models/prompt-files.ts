import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A prompt file `greet.md` that takes `who` and perhaps `why`. The body begins in line 7 and one for each line added. */
export const greetFile = (body: string, lines: string[] = []): string =>
  [
    '---',
    'name: greet',
    'tier: fast',
    'config: { max_output_tokens: 10 }',
    'input: { schema: { type: object, required: [who], properties: { who: { type: string }, why: { type: string } } } }',
    ...lines,
    '---',
    body,
  ].join('\n')

/** A folder with these files, removed after the test. */
export function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'prompts-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeInto(folder, { name, text })
  return folder
}

/** Writes a file, and its folder before. */
export function writeInto(folder: string, { name, text }: { name: string; text: string }): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text)
}
