import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../../src/broker/index.ts'
import { Consumer, type ConsumerOptions, Producer } from '../../../src/index.ts'

let cluster: EmbeddedCluster
beforeAll(async () => {
  cluster = await EmbeddedCluster.start({
    groupConfig: { 'group.consumer.heartbeat.interval.ms': '200' },
  })
})
afterAll(() => cluster.stop())

/** Errors that say nothing of where a group stands. A reset to the latest would lose records. */
const passing = [
  'UNSTABLE_OFFSET_COMMIT',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'REQUEST_TIMED_OUT',
] as const

describe.each(['classic', 'consumer'] as const)('a member of protocol %s', protocol => {
  async function committedAt5(topic: string): Promise<ConsumerOptions> {
    await cluster.createTopic(topic)
    const servers = { 'bootstrap.servers': cluster.bootstrapServers }
    await using producer = new Producer(servers)
    const records = Array.from({ length: 10 }, (_, i) => ({ topic, value: `${i}` }))
    await producer.sendBatch(records)
    const settings: ConsumerOptions = {
      ...servers,
      'group.id': topic,
      'group.protocol': protocol,
      'auto.offset.reset': 'latest',
      'retry.backoff.ms': 10,
    }
    await using consumer = new Consumer({ ...settings, 'enable.auto.commit': false })
    await consumer.assign([{ topic, partition: 0, offset: 0 }])
    await consumer.commit([{ topic, partition: 0, offset: 5 }])
    return settings
  }

  async function firstOffset(consumer: Consumer): Promise<number | undefined> {
    for await (const { offset } of consumer) return offset
    return undefined
  }

  const codes = protocol === 'consumer' ? [...passing, 'STALE_MEMBER_EPOCH' as const] : passing
  test.each(codes)('goes on at its committed offset after %s', async error => {
    const topic = `no-reset-${protocol}-${error}`
    const settings = await committedAt5(topic)
    cluster.fail('OffsetFetch', error, { times: 3 })
    const consumer = new Consumer(settings)
    const resets: object[] = []
    consumer.on('reset', each => resets.push(each))
    await consumer.subscribe([topic])
    expect(await firstOffset(consumer)).toBe(5)
    expect(resets).toEqual([])
    await consumer.close()
  })

  test('what is for good is an error for the loop, and no reset', async () => {
    const topic = `no-reset-${protocol}-refused`
    const settings = await committedAt5(topic)
    cluster.fail('OffsetFetch', 'GROUP_AUTHORIZATION_FAILED')
    const consumer = new Consumer(settings)
    await consumer.subscribe([topic])
    await expect(firstOffset(consumer)).rejects.toMatchObject({
      code: 'GROUP_AUTHORIZATION_FAILED',
    })
    await consumer.close()
  })

  test('a commit that is refused while the group moves on is made again', async () => {
    const topic = `no-reset-${protocol}-commit`
    const settings = await committedAt5(topic)
    const consumer = new Consumer({ ...settings, 'enable.auto.commit': false })
    await consumer.subscribe([topic])
    expect(await firstOffset(consumer)).toBe(5)
    if (protocol === 'consumer') cluster.fail('OffsetCommit', 'STALE_MEMBER_EPOCH', { times: 2 })
    else cluster.fail('OffsetCommit', 'COORDINATOR_NOT_AVAILABLE', { times: 2 })
    await consumer.commit([{ topic, partition: 0, offset: 6 }])
    expect((await consumer.committed())[0]?.offset).toBe(6)
    await consumer.close()
  })
})
