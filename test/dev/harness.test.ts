import { Client } from 'pg'
import { expect, test } from 'vitest'
import { createDatabase, createNamespace } from '../harness.ts'

const { url } = await createDatabase()
const { client } = await createNamespace()

test('a file has a database of its own', async () => {
  const connection = new Client({ connectionString: url })
  await connection.connect()

  const { rows } = await connection.query('select current_database() as name')

  await connection.end()
  expect(rows).toEqual([{ name: new URL(url).pathname.slice(1) }])
})

test('a run can be started with our search attributes in a namespace of its own', async () => {
  const handle = await client.workflow.start('nobodyRunsThis', {
    taskQueue: 'none',
    workflowId: 'first',
    searchAttributes: { Source: ['github'], WaitingFor: ['approval'] },
  })

  const { status } = await handle.describe()

  expect(status.name).toBe('RUNNING')
})
