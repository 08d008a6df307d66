import { type Liquid, type Parser, RenderTag, type TagToken, type TopLevelToken } from 'liquidjs'

/** Which partials a prompt uses, by the name of the partial that asks for them; '' is the prompt itself. */
export type PartialUses = Map<string, Set<string>>

// Literal, so that what a prompt is made of is known before it is rendered.
const NAME =
  /^\s*(?:"([a-z][a-z0-9-]*)"|'([a-z][a-z0-9-]*)')(?=\s*(?:,|$|\s(?:with|for|as)\b|\s[\w-]+:))/

/** Lets templates use `{% render "name" %}` with these partials and nothing else. */
export function registerRender(engine: Liquid, partials: Record<string, string>): PartialUses {
  const uses: PartialUses = new Map()
  engine.registerTag(
    'render',
    class extends RenderTag {
      constructor(token: TagToken, rest: TopLevelToken[], liquid: Liquid, parser: Parser) {
        super(token, rest, liquid, parser)
        const [, double, single] = NAME.exec(token.args) ?? []
        const name = double ?? single
        if (name === undefined) {
          throw new Error(
            `Expected the name of a partial in quotes, received ${token.args.trim()}.`,
          )
        }
        if (!Object.hasOwn(partials, name)) {
          throw new Error(`There is no partial "${name}" in prompts/partials.`)
        }
        const user = token.file ?? ''
        uses.set(user, (uses.get(user) ?? new Set()).add(name))
      }
    },
  )
  return uses
}

/** Throws where a partial uses itself, directly or through others: it would never end. */
export function refuseCycles(uses: PartialUses): void {
  follow('', [])

  function follow(user: string, path: string[]): void {
    for (const name of uses.get(user) ?? []) {
      if (path.includes(name)) {
        throw new Error(`A partial uses itself: ${[...path, name].join(' → ')}.`)
      }
      follow(name, [...path, name])
    }
  }
}
