import { Liquid, Tag, type TagToken, type Template, type TopLevelToken } from 'liquidjs'
import { messageOf } from '../contracts/message-of.ts'
import { faultAt, type Place, placeFault } from './prompt-faults.ts'
import { quickenPositions } from './prompt-positions.ts'
import { refuseCycles, registerRender } from './prompt-partials.ts'

/** One message of a rendered prompt. */
export interface PromptMessage {
  role: PromptRole
  content: string
}

type PromptRole = 'system' | 'user' | 'assistant'

/** A parsed prompt body. */
export interface PromptTemplate {
  /**
   * Fills in the values, which are never parsed themselves. The examples stand in front of the last user message.
   * Throws at a missing value, and when it takes too long.
   */
  render(variables: Record<string, unknown>, examples?: PromptMessage[]): PromptMessage[]
  /** The last user message alone, as examples need it. */
  renderQuestion(variables: Record<string, unknown>): string
  /** Each variable that is not made by the template itself, and where it is used. */
  variables: { path: string[]; place: Place }[]
}

// They would read files, the clock or chance.
const FORBIDDEN_TAGS = ['include', 'layout', 'block']
const FORBIDDEN_FILTERS = [
  'date',
  'date_to_xmlschema',
  'date_to_rfc822',
  'date_to_string',
  'date_to_long_string',
  'sample',
]

// A rendering takes less than one. What has begun goes on beyond the limit, and 100 ms is too long for everybody else.
const RENDER_LIMIT_MS = 50

// Of the time that has passed: so much of it spent on rendering is too long indeed.
const MOSTLY_OWN = 0.7

// With its partials. Reading that takes tens of milliseconds.
const MOST_CHARACTERS = 100_000
const MOST_TAGS = 1_000

// Characters and items that the filters of a section may handle: for each character that comes in, and besides.
const MEMORY_PER_CHARACTER = 4
const MEMORY_BESIDES = 50_000

/**
 * Parses a prompt's body: Liquid, in sections that begin with `{% role "…" %}`. `line` is the body's first line in its
 * file, for messages.
 */
export function parseTemplate({
  body,
  line = 1,
  partials = {},
}: {
  body: string
  line?: number
  partials?: Record<string, string>
}): PromptTemplate {
  const trimmed = Object.entries(partials).map(([name, text]) => [name, text.trimEnd()] as const)
  refuseLength([body, ...Object.values(partials)].join(''))
  const engine = createEngine(Object.fromEntries(trimmed))
  const uses = registerRender(engine, partials)
  let roles = 0
  engine.registerTag(
    'role',
    class extends RoleTag {
      constructor(token: TagToken, rest: TopLevelToken[], liquid: Liquid) {
        super(token, rest, liquid)
        roles += 1
      }
    },
  )

  // Empty lines in place of the front matter make its line numbers those of the file.
  const templates = placed(() => engine.parse('\n'.repeat(line - 1) + body))
  const sections = toSections(templates)
  if (sections.length !== roles) throw new Error('A role begins inside another tag.')
  const question = sections.findLast(({ role }) => role === 'user')
  if (question === undefined) throw new Error('There is no role "user".')
  // A partial that uses itself would never be read to its end.
  for (const [name, text] of Object.entries(partials)) placed(() => engine.parse(text, name))
  refuseCycles(uses)
  const { globals } = placed(() => engine.analyzeSync(templates))

  return {
    render(variables, examples = []) {
      const contents = renderWithin(
        sections.map(({ parts }) => parts),
        variables,
      )
      return sections
        .flatMap(({ role }, index) => [
          ...(sections[index] === question ? examples : []),
          { role, content: contents[index] ?? '' },
        ])
        .filter(({ content }) => content !== '')
    },
    renderQuestion: (variables) => renderWithin([question.parts], variables).join(''),
    variables: Object.values(globals)
      .flat()
      .map(({ segments, location }) => ({
        path: segments.filter((segment) => typeof segment === 'string'),
        place: { line: location.row, partial: location.file },
      })),
  }

  function renderWithin(parts: Template[][], variables: object): string[] {
    return placed(() => {
      const before = process.threadCpuUsage()
      try {
        return renderAll(parts, { variables, limitMs: RENDER_LIMIT_MS })
      } catch (error) {
        const usedMs = process.threadCpuUsage(before).user / 1_000
        const wasLimit = /template render limit exceeded/.test(messageOf(error))
        if (!wasLimit || usedMs > MOSTLY_OWN * RENDER_LIMIT_MS) throw error
        // The clock ran on while others had the processor, which has nothing to do with the prompt.
        const limitMs = (RENDER_LIMIT_MS * RENDER_LIMIT_MS) / Math.max(1, usedMs)
        return renderAll(parts, { variables, limitMs })
      }
    })
  }

  function renderAll(
    parts: Template[][],
    { variables, limitMs }: { variables: object; limitMs: number },
  ): string[] {
    const deadline = performance.now() + limitMs
    const memoryLimit = MEMORY_BESIDES + MEMORY_PER_CHARACTER * JSON.stringify(variables).length
    return parts.map((part) => {
      // Each section in a context of its own, all of them within one limit.
      const limits = { renderLimit: deadline - performance.now(), memoryLimit }
      return String(engine.renderSync(part, variables, limits)).trim()
    })
  }
}

interface Section {
  role: PromptRole
  parts: Template[]
}

class RoleTag extends Tag {
  readonly role: PromptRole

  constructor(token: TagToken, rest: TopLevelToken[], liquid: Liquid) {
    super(token, rest, liquid)
    if (token.file !== undefined) throw new Error('A role cannot begin in a partial.')
    const role = ROLES.find((name) => token.args.trim() === `"${name}"`)
    if (role === undefined) {
      throw new Error(
        `Expected role "system", "user" or "assistant", received ${token.args.trim()}`,
      )
    }
    this.role = role
  }

  override render(): void {}
}

const ROLES = ['system', 'user', 'assistant'] as const

function refuseLength(text: string): void {
  if (text.length > MOST_CHARACTERS) {
    throw new Error(`Expected ${MOST_CHARACTERS} characters at most, received ${text.length}.`)
  }
  const tags = text.match(/\{[{%]/g)?.length ?? 0
  if (tags > MOST_TAGS) throw new Error(`Expected ${MOST_TAGS} tags at most, received ${tags}.`)
}

function createEngine(partials: Record<string, string>): Liquid {
  quickenPositions()
  const engine = new Liquid({
    // Nothing but these can be read.
    templates: partials,
    cache: true,
    strictVariables: true,
    strictFilters: true,
    lenientIf: true,
    ownPropertyOnly: true,
  })
  for (const name of FORBIDDEN_TAGS) delete engine.tags[name]
  for (const name of FORBIDDEN_FILTERS) engine.unregisterFilter(name)
  engine.registerFilter('fence', fence)
  return engine
}

/** Puts a stranger's text between tags that it cannot close. */
function fence(value: unknown, name: unknown): string {
  if (typeof name !== 'string' || !/^[a-z]+$/.test(name)) {
    throw new Error(`Expected a fence with a name in lower case, received ${String(name)}.`)
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const closing = new RegExp(`<\\s*/(?=\\s*${name})`, 'gi')
  return `<${name}>\n${text.replaceAll(closing, '<\\/')}\n</${name}>`
}

/** Splits what was parsed, not what is rendered: a value that spells a role stays a value. */
function toSections(templates: Template[]): Section[] {
  const sections: Section[] = []
  for (const template of templates) {
    if (template instanceof RoleTag) sections.push({ role: template.role, parts: [] })
    else if (sections.length > 0) sections.at(-1)?.parts.push(template)
    else if (template.token.getText().trim() !== '') {
      const [line = 1] = template.token.getPosition()
      throw faultAt(
        { line },
        'Expected the body to begin with a role, such as {% role "system" %}.',
      )
    }
  }
  return sections
}

function placed<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw placeFault(error)
  }
}
