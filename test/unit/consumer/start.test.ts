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

test('nor is it told where they start from what the group has committed, or by the policy', async () => {
  await cluster.createTopic('resume', { partitions: 2 })
  const servers = { 'bootstrap.servers': cluster.bootstrapServers }
  using admin = new Admin(servers)
  await admin.groups.alterOffsets('resume', [{ topic: 'resume', partition: 0, offset: 0 }])
  await using consumer = new Consumer({ ...servers, 'group.id': 'resume' })
  cluster.delay('ListOffsets', 500)
  cluster.fail('Fetch', 'TOPIC_AUTHORIZATION_FAILED', { topic: 'resume', partition: 0 })
  const [committed, without] = [0, 1].map(partition => ({ topic: 'resume', partition }))
  await consumer.assign([committed!, without!])
  const loop = (async () => {
    for await (const _ of consumer) throw new Error('an empty topic gave a record')
  })()
  await expect(loop).rejects.toMatchObject({ code: 'TOPIC_AUTHORIZATION_FAILED' })
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

test.each(['start', undefined])('what has no start says so in time, group %s', async group => {
  const servers = { 'bootstrap.servers': cluster.bootstrapServers }
  const settings = { ...servers, 'request.timeout.ms': 1_000, ...(group && { 'group.id': group }) }
  await using consumer = new Consumer(settings)
  const nowhere = { topic: 'nowhere', partition: 0 }
  await expect(consumer.assign([nowhere])).rejects.toMatchObject({
    code: 'UNKNOWN_TOPIC_OR_PARTITION',
  })
  await cluster.createTopic(`start-none-${group}`)
  const without = { topic: `start-none-${group}`, partition: 0 }
  await using strict = new Consumer({ ...settings, 'auto.offset.reset': 'none' })
  await expect(strict.assign([without])).rejects.toMatchObject({ code: 'NO_OFFSET', at: without })
})
