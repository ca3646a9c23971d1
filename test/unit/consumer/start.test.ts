import { afterAll, beforeAll, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../../src/broker/index.ts'
import { Admin, Consumer } from '../../../src/index.ts'

let cluster: EmbeddedCluster
beforeAll(async () => {
  cluster = await EmbeddedCluster.start()
})
afterAll(() => cluster.stop())

// The fetch of one partition is answered while the offset of the other is looked up.
test('what a fetch finds out while partitions start is told to the loop alone', async () => {
  await cluster.createTopic('start', { partitions: 2 })
  await using consumer = new Consumer({
    'bootstrap.servers': cluster.bootstrapServers,
    'auto.offset.reset': 'none',
  })
  cluster.delay('ListOffsets', 500)
  const outside = { topic: 'start', partition: 0, offset: 1000 }
  await consumer.assign([outside, { topic: 'start', partition: 1, offset: 'earliest' }])
  const loop = (async () => {
    for await (const _ of consumer) throw new Error('an empty topic gave a record')
  })()
  await expect(loop).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE', at: outside })
})

test('an offset of a partition that does not exist is refused, until it is added', async () => {
  await cluster.createTopic('start-small')
  const servers = { 'bootstrap.servers': cluster.bootstrapServers }
  await using consumer = new Consumer(servers)
  const beyond = { topic: 'start-small', partition: 1 }
  await expect(consumer.assign([{ ...beyond, offset: 0 }])).rejects.toMatchObject({
    code: 'UNKNOWN_TOPIC_OR_PARTITION',
    at: beyond,
  })
  using admin = new Admin(servers)
  await admin.topics.createPartitions([{ name: 'start-small', count: 2 }])
  await consumer.assign([{ ...beyond, offset: 0 }])
})
