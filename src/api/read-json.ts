import { mediaTypeOf, readContent } from '../contracts/content.ts'
import type { z } from 'zod'
import { invalidRequest, problem } from './problems.ts'

/** Reads a body that must be JSON, or answers why it is not. */
export async function readJson(request: Request): Promise<{ value: unknown } | Response> {
  const contentType = request.headers.get('content-type') ?? ''
  if (mediaTypeOf(contentType) !== 'application/json') {
    const detail = `Expected application/json, received '${contentType}'.`
    return problem('unsupported_media_type', detail)
  }
  const content = readContent(contentType, new Uint8Array(await request.arrayBuffer()))
  return content.readable ? { value: content.data } : problem('invalid_json', content.message)
}

/** Reads a body that must be JSON and fit a schema, or answers why it does not. */
export async function readRequest<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
): Promise<z.output<Schema> | Response> {
  const body = await readJson(request)
  if (body instanceof Response) return body
  const { success, data, error } = schema.safeParse(body.value)
  return success ? data : invalidRequest(error.issues)
}
