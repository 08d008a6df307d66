import { problem } from './problems.ts'

/** Answers a request that no route takes: 405 where another method would find one, else 404. */
export function answerUnrouted(
  routes: { path: string; method: string }[],
  { path, method }: { path: string; method: string },
): Response {
  const allowed = new Set(
    routes
      .filter((route) => route.method !== 'ALL' && fits(route.path, path))
      .map(namesOf)
      .flat(),
  )
  if (allowed.size === 0) return problem('not_found', `There is nothing at '${path}'.`)
  const allow = [...allowed].join(', ')
  const detail = `Expected ${allow}, received ${method}.`
  return problem('method_not_allowed', detail, { headers: { allow } })
}

const namesOf = ({ method }: { method: string }): string[] =>
  method === 'GET' ? ['GET', 'HEAD'] : [method]

function fits(pattern: string, path: string): boolean {
  const expected = pattern.split('/')
  const received = path.split('/')
  return (
    expected.length === received.length &&
    expected.every((part, index) => part === received[index] || isParameter(part, received[index]))
  )
}

const isParameter = (part: string, value = ''): boolean => part.startsWith(':') && value !== ''
