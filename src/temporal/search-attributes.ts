import type { Client } from '@temporalio/client'
import { searchAttributes } from '../contracts/names.ts'

// INDEXED_VALUE_TYPE_KEYWORD of Temporal's API.
const KEYWORD = 2

/** Registers the search attributes of runs that the namespace lacks; answers their names. */
export async function registerSearchAttributes(
  client: Client,
  namespace: string,
): Promise<string[]> {
  const { operatorService } = client.connection
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace })
  const missing = Object.keys(searchAttributes).filter((name) => !(name in customAttributes))
  if (missing.length > 0) {
    await operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
    })
  }
  return missing
}
