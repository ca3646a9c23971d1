import { afterAll, beforeAll, expect } from 'vitest'
import { Admin, type AdminOptions, type ItemResult, silentLogger } from '../../src/index.ts'
import { waitFor } from '../support/wait.ts'
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

/** Waits until whoever comes with these settings is let in: a broker hears of users in its time. */
export async function letIn(options: AdminOptions): Promise<void> {
  await waitFor('the user to be let in', async () => {
    using own = new Admin({ ...options, logger: silentLogger })
    return await own.connect().then(
      () => true,
      () => false,
    )
  })
}
