import type { z } from 'zod'
import type { ProblemCode } from './problems.ts'
import type { named } from './schemas.ts'

type Name = keyof typeof named

/** One route as the OpenAPI document describes it. */
export interface Operation {
  method: 'get' | 'post' | 'put' | 'delete'
  /** With parameters in braces. */
  path: string
  summary: string
  /** Needs no bearer token. */
  open?: true
  query?: z.ZodObject
  /** Headers that mean something here, with what they mean. */
  headers?: Record<string, string>
  /** Media types of the request with the schema of each; null stands for any JSON. */
  body?: Record<string, Name | null>
  answers: { status: number; description: string; mediaType?: string; schemas?: Name[] }[]
  problems?: ProblemCode[]
}

/** What is said to a body before anybody looks at what it asks for. */
export const bodyProblems = ['invalid_json', 'body_too_large', 'unsupported_media_type'] as const
