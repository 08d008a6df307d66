import { Liquid, Tag, type TagToken, type Template, type TopLevelToken } from 'liquidjs'

/** One message of a rendered prompt. */
export interface PromptMessage {
  role: PromptRole
  content: string
}

type PromptRole = 'system' | 'user' | 'assistant'

/** A parsed prompt body. */
export interface PromptTemplate {
  /** Fills in the values, which are never parsed themselves. Throws at a missing one, and when it takes too long. */
  render(variables: Record<string, unknown>): PromptMessage[]
  /** The path of each variable that is not made by the template itself. */
  paths: string[][]
}

// They would read files, the clock or chance.
const FORBIDDEN_TAGS = ['include', 'render', 'layout', 'block']
const FORBIDDEN_FILTERS = [
  'date',
  'date_to_xmlschema',
  'date_to_rfc822',
  'date_to_string',
  'date_to_long_string',
  'sample',
]

/** Parses a prompt's body: Liquid, in sections that begin with `{% role "…" %}`. */
export function parseTemplate(body: string): PromptTemplate {
  const engine = createEngine()
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

  const templates = engine.parse(body)
  const sections = toSections(templates)
  if (sections.length !== roles) throw new Error('A role begins inside another tag.')
  if (!sections.some(({ role }) => role === 'user')) throw new Error('There is no role "user".')

  return {
    render: (variables) =>
      sections
        .map(({ role, parts }) => ({ role, content: renderText(engine, parts, variables) }))
        .filter(({ content }) => content !== ''),
    paths: engine
      .globalVariableSegmentsSync(templates)
      .map((segments) => segments.filter((segment) => typeof segment === 'string')),
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

function createEngine(): Liquid {
  const engine = new Liquid({
    templates: {},
    strictVariables: true,
    strictFilters: true,
    lenientIf: true,
    ownPropertyOnly: true,
    // Characters of a template; milliseconds of a rendering; characters and items that it handles.
    parseLimit: 100_000,
    renderLimit: 100,
    memoryLimit: 1_000_000,
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
      throw new Error('Expected the body to begin with a role, such as {% role "system" %}.')
    }
  }
  return sections
}

const renderText = (engine: Liquid, parts: Template[], variables: object): string =>
  String(engine.renderSync(parts, variables)).trim()
