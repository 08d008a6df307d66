import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { LockedError, takeLock } from '../../dev/lock.ts'
import { createProgress } from '../../dev/progress.ts'
import { startServices } from '../../dev/services.ts'

test('a lock is held by one and can be taken again after its release', async () => {
  const file = join(temporaryFolder(), 'lock')

  const lock = await takeLock(file)
  await expect(takeLock(file)).rejects.toBeInstanceOf(LockedError)
  lock.release()

  await expect(takeLock(file)).resolves.toBeDefined()
})

test.each([
  { name: 'of a process that is gone', content: () => `${deadPid()} whenever 1\n` },
  { name: 'of an earlier process with our number', content: () => `${process.pid} long-ago 1\n` },
  { name: 'into which nothing was written', content: () => '' },
])('a lock $name is taken over', async ({ content }) => {
  const file = join(temporaryFolder(), 'lock')
  writeFileSync(file, content())

  await expect(takeLock(file)).resolves.toBeDefined()
})

test('of many that take over a lock one gets it', async () => {
  const file = join(temporaryFolder(), 'lock')
  writeFileSync(file, `${deadPid()} whenever 1\n`)

  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(file)))

  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
})

test('a second start in one clone is refused, and says which process is the first', async () => {
  const options = {
    root: temporaryFolder(),
    temporalPort: 0,
    uiPort: 0,
    progress: createProgress(),
    env: { DATABASE_URL: 'postgres://elsewhere', TEMPORAL_ADDRESS: 'elsewhere:7233' },
  }
  const first = await startServices(options)

  await expect(startServices(options)).rejects.toThrow(`process ${process.pid}`)
  await first.stop()

  await expect(startServices(options)).resolves.toMatchObject({
    databaseUrl: 'postgres://elsewhere',
    temporalAddress: 'elsewhere:7233',
  })
})

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'onset-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function deadPid(): number {
  return spawnSync('true').pid
}
