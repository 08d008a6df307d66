import { z } from 'zod'
import type { Operation } from './operation.ts'
import { operations } from './operations.ts'
import { problems } from './problems.ts'
import { named } from './schemas.ts'

/** The OpenAPI 3.1 document, made from the schemas that validate requests. */
export function openApiDocument() {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Onset',
      version: '1',
      description: 'Turns outside events into durable LLM work.',
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    paths: pathsOf(operations),
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: namedSchemas(),
    },
  }
}

const reference = (name: string) => `#/components/schemas/${name}`

function namedSchemas() {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id })
  const { schemas } = z.toJSONSchema(registry, { uri: reference, io: 'input' })
  // Names of their own, which an OpenAPI document has no use for.
  for (const schema of Object.values(schemas)) {
    delete schema.$schema
    delete schema.$id
  }
  return schemas
}

function pathsOf(described: Operation[]) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of described) {
    const { method, path, summary, open, body } = operation
    paths[path] = {
      ...paths[path],
      [method]: {
        summary,
        operationId: `${method}${path.replaceAll(/[^a-z]+(.)?/g, (_, next = '') => String(next).toUpperCase())}`,
        ...(open === true ? { security: [] } : {}),
        parameters: [
          ...pathParameters(path),
          ...queryParameters(operation),
          ...headersOf(operation),
        ],
        ...(body === undefined
          ? {}
          : { requestBody: { required: true, content: contentOf(body) } }),
        responses: { ...answersOf(operation), ...problemsOf(operation) },
      },
    }
  }
  return paths
}

const pathParameters = (path: string) =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))

function queryParameters({ query }: Operation) {
  if (query === undefined) return []
  const { properties = {} } = z.toJSONSchema(query, { io: 'input' })
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema }))
}

const headersOf = ({ headers = {} }: Operation) =>
  Object.entries(headers).map(([name, description]) => ({
    name,
    in: 'header',
    description,
    schema: { type: 'string' },
  }))

const contentOf = (body: Record<string, string | null>) =>
  Object.fromEntries(
    Object.entries(body).map(([mediaType, name]) => [
      mediaType,
      { schema: name === null ? {} : { $ref: reference(name) } },
    ]),
  )

function answersOf({ answers }: Operation) {
  const entries = answers.map(({ status, description, schemas = [], mediaType }) => {
    const [first, ...more] = schemas.map((name) => ({ $ref: reference(name) }))
    const schema = more.length === 0 ? first : { oneOf: [first, ...more] }
    if (first !== undefined) {
      return [status, { description, content: { 'application/json': { schema } } }]
    }
    if (mediaType === undefined) return [status, { description }]
    return [status, { description, content: { [mediaType]: { schema: {} } } }]
  })
  return Object.fromEntries(entries)
}

// Everywhere: what is asked of everybody, and the database that everything is read from.
function problemsOf({ open, problems: own = [] }: Operation) {
  const codes = open === true ? own : (['unauthorized', ...own, 'unavailable'] as const)
  const statuses = new Set(codes.map((code) => problems[code].status))
  const entries = [...statuses].map((status) => [
    status,
    {
      description: codes.filter((code) => problems[code].status === status).join(', '),
      content: { 'application/problem+json': { schema: { $ref: reference('Problem') } } },
    },
  ])
  return Object.fromEntries(entries)
}
