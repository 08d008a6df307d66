import { expect, test } from 'vitest'
import { z } from 'zod'
import { operations } from '../../src/api/operations.ts'
import { named } from '../../src/api/schemas.ts'
import { openApi } from './open-api.ts'

const { api } = await openApi()

const Document = z.object({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))),
  components: z.object({
    schemas: z.record(z.string(), z.unknown()),
    securitySchemes: z.record(z.string(), z.unknown()),
  }),
})

const document = Document.parse(await (await api.request('/openapi.json')).json())

test('every route is described, and every description has its route', () => {
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  )
  const routes = api.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)

  expect(described.toSorted()).toEqual([...routes, 'post /hooks/{source}'].toSorted())
  expect(described).toHaveLength(operations.length)
})

test('every reference leads to a schema', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
    ([, to]) => to,
  )

  expect(references).toContain('#/components/schemas/Problem')
  for (const to of references) {
    expect(Object.keys(document.components.schemas)).toContain(
      to?.replace('#/components/schemas/', ''),
    )
  }
})

test('every named schema is in the document', () => {
  expect(Object.keys(document.components.schemas).toSorted()).toEqual(Object.keys(named).toSorted())
})

test('only probes and webhooks need no bearer token', () => {
  const open = Object.entries(document.paths)
    .filter(([, methods]) => Object.values(methods).some(({ security }) => security !== undefined))
    .map(([path]) => path)

  expect(open).toEqual(['/hooks/{source}', '/healthz', '/readyz', '/metrics', '/openapi.json'])
  expect(document.openapi).toBe('3.1.0')
  expect(document.components.securitySchemes).toEqual({
    bearer: { type: 'http', scheme: 'bearer' },
  })
})

test('operations have names of their own', () => {
  const names = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  )

  expect(new Set(names).size).toBe(operations.length)
})
