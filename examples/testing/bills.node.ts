/**
 * A test with the test runner of Node itself.
 *
 *     node --import tsx --test examples/testing/bills.node.ts
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { Producer } from '../../src/index.ts'
import { billOne } from './bills.ts'

void test('an order becomes a bill', async () => {
  await using cluster = await EmbeddedCluster.start()
  await using shop = new Producer({ 'bootstrap.servers': cluster.bootstrapServers })
  await shop.send({ topic: 'orders', key: 'order-1', value: '12' })
  await billOne(cluster.bootstrapServers)
  const [bill] = await cluster.waitForRecords('bills', 1)
  assert.equal(`${bill?.key} ${bill?.value}`, 'order-1 1200 cents')
  assert.deepEqual(cluster.topics(), ['bills', 'orders'])
})
