import { type Failure, type FailureCode, remedies } from './failures.ts'

/**
 * The failure that people see, out of what Temporal hands over: the innermost cause that has a code of ours. Goes by
 * the shape of the error, so that it reads the same in a workflow, in an activity and in a client.
 */
export function failureOf(error: unknown): Failure {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const type = 'type' in cause ? cause.type : undefined
    if (isCode(type)) return withRemedy(type, cause.message)
    if (cause.name === 'TimeoutFailure') return { code: 'Run.TimedOut', message: innermost(error) }
  }
  return { code: 'Run.Failed', message: innermost(error) }
}

// The outer messages only say that an activity or a workflow failed.
function innermost(error: unknown): string {
  let message = String(error)
  for (let cause = error; cause instanceof Error; cause = cause.cause) message = cause.message
  return message
}

// The Temporal UI shows message and remedy in one line; here each has a field of its own.
function withRemedy(code: FailureCode, line: string): Failure {
  const remedy = remedies[code]
  if (remedy === undefined) return { code, message: line }
  return {
    code,
    message: line.endsWith(remedy) ? line.slice(0, -remedy.length).trim() : line,
    remedy,
  }
}

const isCode = (type: unknown): type is FailureCode =>
  typeof type === 'string' && /^(LLM|Action|Run)\./.test(type)
