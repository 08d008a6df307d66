import type { Pool, PoolClient } from 'pg'

/** Does work within one transaction: everything is kept, or, where it throws, nothing. */
export async function inTransaction<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const result = await work(client)
    await client.query('commit')
    client.release()
    return result
  } catch (error) {
    // A connection that cannot even undo is given up with what it holds.
    await client.query('rollback').then(
      () => client.release(),
      (fault: unknown) => client.release(fault instanceof Error ? fault : true),
    )
    throw error
  }
}
