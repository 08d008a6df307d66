import type { Preset } from './preset.ts'

const MASK = '[masked]'

/**
 * Hides in the bodies of events what would let their reader act in the sender's name, such as Slack's `response_url`:
 * in JSON, in forms, in JSON within forms, and in multipart. The text around it stays as it came.
 */
export function createMaskBody(
  endpoints: readonly { source: string; preset: Preset }[],
): (source: string, body: string) => string {
  const membersOf = new Map(
    endpoints.map(({ source, preset }) => [source, preset.maskedMembers ?? []]),
  )
  return (source, body) => (membersOf.get(source) ?? []).reduce(withoutMember, body)
}

function withoutMember(body: string, member: string): string {
  const name = member.replaceAll(/[^\w-]/g, String.raw`\$&`)
  return body
    .replaceAll(new RegExp(`("${name}"\\s*:\\s*)"(?:[^"\\\\]|\\\\.)*"`, 'gs'), `$1"${MASK}"`)
    .replaceAll(
      new RegExp(`(%22${name}%22(?:%20|\\+)*%3A(?:%20|\\+)*%22).*?(?=%22)`, 'gi'),
      `$1${MASK}`,
    )
    .replaceAll(new RegExp(`((?:^|&)${name}=)[^&]*`, 'g'), `$1${MASK}`)
    .replaceAll(
      new RegExp(`(name="${name}"(?:\\r\\n[^\\r\\n]+)*\\r\\n\\r\\n).*?(?=\\r\\n--)`, 'gs'),
      `$1${MASK}`,
    )
}
