import { afterAll, beforeAll } from 'vitest'
import { Admin, type ItemResult } from '../../src/index.ts'
import type { ClusterUnderTest } from './clusters.ts'

/** One admin client for all tests of a cluster. */
export function adminOf(cluster: () => ClusterUnderTest): () => Admin {
  let admin: Admin
  beforeAll(() => {
    admin = new Admin({ 'bootstrap.servers': cluster().bootstrapServers })
  })
  afterAll(() => admin.close())
  return () => admin
}

/** What became of each item, in short: `done`, or the code of its error. */
export function outcomes(results: readonly ItemResult<unknown, object>[]): string[] {
  return results.map(each => (each.is === 'done' ? 'done' : each.error.code))
}
