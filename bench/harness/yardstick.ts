import { Client } from 'pg'
import { quantile } from './statistics.ts'

const ROWS = 300

/**
 * What the least durable thing costs here and now: the median time of one row of 1 KB in a table without indexes,
 * in milliseconds. It was 0.20 on the machine for which the bounds were set.
 */
export async function plainInsertMs(databaseUrl: string): Promise<number> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query('create table yardstick (body bytea not null)')
    const times: number[] = []
    for (let row = 0; row < ROWS; row += 1) {
      const begin = performance.now()
      const text = 'insert into yardstick values ($1)'
      await client.query({ name: 'yardstick', text, values: [Buffer.alloc(1_024, row)] })
      times.push(performance.now() - begin)
    }
    return quantile(times, 0.5)
  } finally {
    await client.end()
  }
}
