import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { CommandError } from '../../src/cli/exit.ts'
import { findServer } from '../../src/cli/server.ts'

const roots: string[] = []
afterAll(() => Promise.all(roots.map((root) => rm(root, { recursive: true }))))

async function project(dev?: unknown): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'onset-'))
  roots.push(root)
  if (dev === undefined) return root
  await mkdir(join(root, '.onset'))
  const text = typeof dev === 'string' ? dev : JSON.stringify(dev)
  await writeFile(join(root, '.onset', 'dev.json'), text)
  return root
}

const dev = { url: 'http://localhost:4000', token: 'dev-token', secrets: { GITHUB_SECRET: 'dev' } }

test('without anything it is the default port, without a token', async () => {
  const server = await findServer({ env: {}, root: await project() })

  expect(server).toMatchObject({ url: 'http://localhost:3000', token: null })
  expect(server.secret('GITHUB_SECRET')).toBeNull()
})

test('the development server is found with its token and secrets', async () => {
  const server = await findServer({ env: {}, root: await project(dev) })

  expect(server).toMatchObject({ url: 'http://localhost:4000', token: 'dev-token' })
  expect(server.secret('GITHUB_SECRET')).toBe('dev')
})

test('the environment comes first', async () => {
  const env = { ONSET_URL: 'https://onset.example/', API_TOKEN: 'mine', GITHUB_SECRET: 'own' }
  const server = await findServer({ env, root: await project(dev) })

  expect(server).toMatchObject({ url: 'https://onset.example', token: 'mine' })
  expect(server.secret('GITHUB_SECRET')).toBe('own')
})

test("another server never gets the development server's token", async () => {
  const env = { ONSET_URL: 'https://onset.example' }

  expect(await findServer({ env, root: await project(dev) })).toMatchObject({ token: null })
})

test.each(['', '{', {}, { ...dev, url: 'nowhere' }])(
  '%j in dev.json is said to be unreadable',
  async (text) => {
    const finding = findServer({ env: {}, root: await project(text) })

    await expect(finding).rejects.toBeInstanceOf(CommandError)
  },
)
