import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, Connection } from '@temporalio/client'
import { msToTs } from '@temporalio/common/lib/time.js'
import { Client as PostgresClient } from 'pg'
import { afterAll, inject } from 'vitest'
import { searchAttributes } from '../src/contracts/names.ts'

// INDEXED_VALUE_TYPE_KEYWORD of Temporal's API.
const KEYWORD = 2

/** A database of one test file. */
export interface TestDatabase {
  url: string
}

/** A namespace of one test file. */
export interface TestNamespace {
  address: string
  namespace: string
  /** Connected to that namespace; closed after the file's tests. */
  client: Client
}

/**
 * Makes an empty database and drops it after the file's tests, with whoever is still connected.
 * Call it at the top of the file: `const { url } = await createDatabase()`.
 */
export async function createDatabase(): Promise<TestDatabase> {
  const name = uniqueName()
  await onServer(`create database ${name}`)
  afterAll(() => onServer(`drop database ${name} with (force)`))
  const url = new URL(inject('databaseUrl'))
  url.pathname = `/${name}`
  return { url: url.href }
}

/**
 * Makes a namespace with the search attributes of every run, and resolves when workflows can be started in it.
 * Call it at the top of the file. The server is thrown away after the run, and the namespace with it.
 */
export async function createNamespace(): Promise<TestNamespace> {
  const address = inject('temporalAddress')
  const namespace = uniqueName()
  const connection = await Connection.connect({ address })
  afterAll(() => connection.close())
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  })
  const names = Object.keys(searchAttributes)
  await untilAccepted(() =>
    connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(names.map((name) => [name, KEYWORD])),
    }),
  )
  // The server refuses a query by an attribute that it does not know yet. Quoted, as Trigger is a word of SQL.
  const query = names.map((name) => `\`${name}\` = 'none'`).join(' and ')
  await untilAccepted(() =>
    connection.workflowService.countWorkflowExecutions({ namespace, query }),
  )
  return { address, namespace, client: new Client({ connection, namespace }) }
}

/** Repeats the call until it succeeds, for up to ten seconds. */
async function untilAccepted(call: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + 10_000
  for (;;) {
    try {
      await call()
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(10)
    }
  }
}

async function onServer(statement: string): Promise<void> {
  const client = new PostgresClient({ connectionString: inject('databaseUrl') })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

function uniqueName(): string {
  return `test_${randomBytes(6).toString('hex')}`
}
