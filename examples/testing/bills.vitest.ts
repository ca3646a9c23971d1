/**
 * A test with vitest: each file has a cluster of its own, and files may run side by side.
 *
 *     npx vitest run --config examples/testing/vitest.config.ts
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { Producer } from '../../src/index.ts'
import { billOne } from './bills.ts'

let cluster: EmbeddedCluster
beforeAll(async () => {
  cluster = await EmbeddedCluster.start()
  await cluster.createTopic('orders')
  await cluster.createTopic('bills')
})
afterAll(() => cluster.stop())

test('an order becomes a bill, though the leader moves meanwhile', async () => {
  await using shop = new Producer({ 'bootstrap.servers': cluster.bootstrapServers })
  await shop.send({ topic: 'orders', key: 'order-1', value: '12' })
  cluster.fail('Produce', 'NOT_LEADER_OR_FOLLOWER', { topic: 'bills' })
  await billOne(cluster.bootstrapServers)
  const [bill] = await cluster.waitForRecords('bills', 1)
  expect(`${bill?.key} ${bill?.value}`).toBe('order-1 1200 cents')
  expect(cluster.pendingFaults).toBe(0)
})
