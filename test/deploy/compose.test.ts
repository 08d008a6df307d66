import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { describeConfig } from '../../src/config.ts'
import { llmTaskQueue, DEFAULT_PROFILE, searchAttributes } from '../../src/contracts/names.ts'
import { sourceSecrets } from '../../src/source-secrets.ts'
import { sources } from '../../src/triggers/sources/index.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string): string => readFileSync(`${root}/${file}`, 'utf8')
const readYaml = (file: string): unknown => parse(read(file), { merge: true })

const Service = z.object({
  image: z.string(),
  command: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  restart: z.string(),
  healthcheck: z.unknown().optional(),
  volumes: z.array(z.string()).default([]),
})

const compose = readYaml('docker-compose.yml')
const { services } = z.object({ services: z.record(z.string(), Service) }).parse(compose)
const dockerfile = read('Dockerfile')

const Setting = z.array(
  z.object({
    value: z.union([z.boolean(), z.number()]),
    constraints: z.record(z.string(), z.string()).default({}),
  }),
)
const dynamicConfig = z
  .record(z.string(), Setting)
  .parse(readYaml('deploy/temporal-dynamic-config.yaml'))

const known = describeConfig({}, { roles: [], secrets: sourceSecrets(sources) })
const variables = new Set(known.map(({ name }) => name))

test('the compose file fits its published schema', () => {
  // From github.com/compose-spec/compose-go, v2.9.0.
  const schema = z.record(z.string(), z.unknown()).parse(readYaml('test/deploy/compose-spec.json'))
  // Its address ends otherwise than the one that Ajv knows, and its formats are those of durations.
  const { $schema: _, ...rest } = schema
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true })

  ajv.validate(rest, compose)

  expect(ajv.errors).toBeNull()
})

test('each service starts when what it needs is there', () => {
  const needs = Object.fromEntries(
    Object.entries(services).map(([name, { depends_on: others }]) => [
      name,
      Object.entries(others).map(([other, { condition }]) => `${other}: ${condition}`),
    ]),
  )

  expect(needs).toEqual({
    postgres: [],
    'temporal-schema': ['postgres: service_healthy'],
    temporal: ['temporal-schema: service_completed_successfully'],
    'temporal-setup': ['temporal: service_healthy'],
    'temporal-ui': ['temporal: service_healthy'],
    serve: ['postgres: service_healthy'],
    work: ['postgres: service_healthy', 'temporal-setup: service_completed_successfully'],
  })
})

test('what others wait for to be healthy has a health check, and jobs end for good', () => {
  const waitedFor = Object.values(services).flatMap(({ depends_on: others }) =>
    Object.entries(others),
  )
  const wrong = waitedFor.filter(([name, { condition }]) => {
    const { healthcheck, restart } = Service.parse(services[name])
    return condition === 'service_healthy' ? healthcheck === undefined : restart !== 'on-failure'
  })

  expect(wrong).toEqual([])
})

test.each(Object.entries(services))('the image of %s has an exact version', (_, { image }) => {
  expect(image).toMatch(/^[\w/-]+:\d+\.\d+(\.\d+)?(-[\w.]+)?$/)
})

test('nothing is published beyond this machine', () => {
  const published = Object.values(services).flatMap(({ ports }) => ports)

  expect(published.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
  expect(services['serve']?.ports).toHaveLength(1)
})

test('the Temporal server gets the dynamic settings of the dev server', () => {
  const everywhere = Object.entries(dynamicConfig).map(([key, values]) => [
    key,
    values.find(({ constraints }) => Object.keys(constraints).length === 0)?.value,
  ])
  const block = /^const DYNAMIC_CONFIG = \{$(.*?)^\}/ms.exec(read('dev/temporal.ts'))?.[1] ?? ''
  const ofDevServer = [...block.matchAll(/^ {2}'([\w.]+)': (\w+),$/gm)]

  expect(Object.fromEntries(everywhere)).toEqual(
    Object.fromEntries(ofDevServer.map(([, key, value = '']) => [key, JSON.parse(value)])),
  )
})

test('the queue of model calls keeps to one partition, which its limits count by', () => {
  const taskQueueName = llmTaskQueue(DEFAULT_PROFILE)

  for (const key of [
    'matching.numTaskqueueReadPartitions',
    'matching.numTaskqueueWritePartitions',
  ]) {
    expect(dynamicConfig[key]).toContainEqual({ value: 1, constraints: { taskQueueName } })
  }
})

test('the settings file is where the server looks for it', () => {
  const { environment, volumes } = Service.parse(services['temporal'])

  expect(volumes).toEqual([
    `./deploy/temporal-dynamic-config.yaml:${environment['DYNAMIC_CONFIG_FILE_PATH']}:ro`,
  ])
})

test('set-up registers the search attributes of runs', () => {
  const script = services['temporal-setup']?.command.join('\n') ?? ''
  const registered = [...script.matchAll(/--name (\w+) --type (\w+)/g)]

  expect(Object.fromEntries(registered.map(([, name, type]) => [name, type]))).toEqual(
    searchAttributes,
  )
})

test.each(['serve', 'work'])('%s is given nothing that it does not know', (role) => {
  const { environment } = Service.parse(services[role])

  expect(Object.keys(environment).filter((name) => !variables.has(name))).toEqual([])
})

test('the file asks for no variable beyond those of the configuration and the password', () => {
  const asked = [...read('docker-compose.yml').matchAll(/(?<!\$)\$\{(\w+)/g)].map(
    ([, name = '']) => name,
  )
  const unknown = new Set(asked.filter((name) => !variables.has(name)))

  expect([...unknown]).toEqual(['POSTGRES_PASSWORD'])
})

test('the image runs the Node that the tests run', () => {
  const { devDependencies } = z
    .object({ devDependencies: z.object({ node: z.string() }) })
    .parse(JSON.parse(read('package.json')))
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base)

  expect(new Set(bases)).toEqual(new Set([`node:${devDependencies.node}-bookworm-slim`]))
})

test('the image is tagged with the version of the package', () => {
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(read('package.json')))

  expect(services['serve']?.image).toBe(`onset:${version}`)
  expect(services['work']?.image).toBe(`onset:${version}`)
})

test('the image is not root, checks its health and starts a role', () => {
  expect(dockerfile).toMatch(/^USER node$/m)
  expect(dockerfile).toMatch(/^HEALTHCHECK /m)
  expect(dockerfile).toMatch(/^ENTRYPOINT \["node", "dist\/main\.js"\]\nCMD \["serve"\]$/m)
})

test('secrets and local state stay out of the image', () => {
  const ignored = read('.dockerignore').split('\n')

  expect(ignored).toEqual(expect.arrayContaining(['.env', '.git', '.onset', 'node_modules']))
})
