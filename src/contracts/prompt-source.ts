/** A prompt as it is written: its file, and the partials that it uses. */
export interface PromptSource {
  name: string
  content: string
  /** Text by name. */
  partials: Record<string, string>
}

/** The same prompt with the partials that it uses, directly or through others, and no more. */
export function withUsedPartials({ name, content, partials }: PromptSource): PromptSource {
  const used: Record<string, string> = {}
  const texts = [content]
  for (const text of texts) {
    for (const [, partial = ''] of text.matchAll(/\brender\s+["']([a-z][a-z0-9-]*)["']/g)) {
      const found = Object.hasOwn(partials, partial) ? partials[partial] : undefined
      if (found === undefined || Object.hasOwn(used, partial)) continue
      used[partial] = found
      texts.push(found)
    }
  }
  return { name, content, partials: used }
}
