// A test with jest, which runs ES modules with Node's --experimental-vm-modules:
//
//     npm ci && npm i --no-save ../../.. && npm test
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Consumer, Producer, stringDeserializer } from 'posthaste'
import { EmbeddedCluster } from 'posthaste/broker'

let cluster
beforeAll(async () => {
  cluster = await EmbeddedCluster.start()
  await cluster.createTopic('orders')
})
afterAll(() => cluster.stop())

test('a record is stored, though the first try is refused', async () => {
  const producer = new Producer({ 'bootstrap.servers': cluster.bootstrapServers })
  cluster.fail('Produce', 'NOT_LEADER_OR_FOLLOWER')
  await producer.send({ topic: 'orders', key: 'order-1', value: '12' })
  await producer.close()
  const [order] = await cluster.waitForRecords('orders', 1)
  expect(`${order.key} ${order.value}`).toBe('order-1 12')
  expect(cluster.pendingFaults).toBe(0)
})

test('and read back', async () => {
  const consumer = new Consumer(
    {
      'bootstrap.servers': cluster.bootstrapServers,
      'group.id': 'billing',
      'auto.offset.reset': 'earliest',
    },
    { value: stringDeserializer },
  )
  await consumer.subscribe(['orders'])
  const values = []
  for await (const { value } of consumer) {
    values.push(value)
    consumer.stop()
  }
  await consumer.close()
  expect(values).toEqual(['12'])
})
