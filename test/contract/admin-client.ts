import { afterAll, beforeAll, expect } from 'vitest'
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

/** What is changed at the controller, brokers learn in their own time: `expect`, once they have. */
export function settles<T>(look: () => Promise<T>) {
  return expect.poll(look, { timeout: 30_000 })
}
