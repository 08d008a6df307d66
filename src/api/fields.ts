import { z } from 'zod'

/** A moment as answers give it. */
export const instant = z.iso.datetime().describe('ISO 8601 in UTC')

/** A moment as callers give it. */
export const moment = z.iso.datetime({ offset: true })

/** How many rows a page has at most. */
export const limit = z.coerce.number().int().min(1).max(200).default(50)

/** Text as callers give it: Postgres has no place for NUL. */
export const line = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^[^\0]*$/, 'must not contain NUL')

/** Who acts: a person or a program. */
export const by = line(200).min(1).default('api')
