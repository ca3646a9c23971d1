import { expect, test } from 'vitest'
import { Consumer, type ConsumerOptions, type KafkaError, Producer } from '../../src/index.ts'
import { waitFor } from '../support/wait.ts'
import { freshName, onBothClusters } from './clusters.ts'
import { createTopic, dealt, produceAll, take, textOf } from './consuming.ts'

for (const protocol of ['classic', 'consumer'] as const) {
  onBothClusters(`what a member does wrong or meets, protocol ${protocol}`, cluster => {
    const settings = (group: string, more: ConsumerOptions = {}): ConsumerOptions => ({
      'bootstrap.servers': cluster().bootstrapServers,
      'group.id': group,
      'group.protocol': protocol,
      'auto.offset.reset': 'earliest',
      'auto.commit.interval.ms': 200,
      ...(protocol === 'classic' && { 'heartbeat.interval.ms': 200 }),
      ...more,
    })

    async function filled(name: string, count: number, partitions = 1): Promise<string> {
      const topic = freshName(name)
      await createTopic(cluster().bootstrapServers, topic, partitions)
      await produceAll(cluster().bootstrapServers, dealt(topic, count, partitions))
      return topic
    }

    test('a loop before anything is asked for is refused, and works once it is', async () => {
      const topic = await filled('misuse-nothing', 1)
      await using consumer = new Consumer(settings(topic))
      const advice = /reads nothing yet; call subscribe\(topics\) or assign\(partitions\) before it/
      await expect(take(consumer, 1)).rejects.toThrow(advice)
      await expect(consumer.run({ eachMessage: () => {} })).rejects.toThrow(advice)
      // Not awaited, as many write it: the loop waits for the first share.
      const joined = consumer.subscribe(new RegExp(`^${topic}$`))
      expect((await take(consumer, 1)).map(textOf)).toEqual(['0'])
      await joined
    })

    test('an unknown topic is told of, and read once it is there', async () => {
      const topic = freshName('misuse-unknown')
      await using consumer = new Consumer(settings(topic, { 'metadata.max.age.ms': 300 }))
      const errors: KafkaError[] = []
      consumer.on('error', error => errors.push(error as KafkaError))
      await consumer.subscribe([topic])
      await waitFor('the error', () => errors.length > 0)
      expect(errors[0]).toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' })
      expect(errors[0]?.message).toMatch(/create it first/)
      await createTopic(cluster().bootstrapServers, topic, 1)
      await produceAll(cluster().bootstrapServers, dealt(topic, 1, 1))
      expect((await take(consumer, 1)).map(textOf)).toEqual(['0'])
      expect(errors).toHaveLength(1)
    })

    test('no offset to start from, with none: an error, and a seek goes on', async () => {
      const topic = await filled('misuse-none', 5)
      await using consumer = new Consumer(settings(topic, { 'auto.offset.reset': 'none' }))
      await consumer.subscribe([topic])
      const refused = take(consumer, 1)
      await expect(refused).rejects.toMatchObject({
        code: 'NO_OFFSET',
        at: { topic, partition: 0 },
      })
      await expect(refused).rejects.toThrow(/seek\(\)|auto.offset.reset/)
      expect((await consumer.committed())[0]?.offset).toBeUndefined()
      await consumer.seek({ topic, partition: 0, offset: 2 })
      expect((await take(consumer, 1))[0]?.offset).toBe(2)
    })

    test('a commit after a rebalance is refused, and the position is not lost', async () => {
      const topic = await filled('misuse-late-commit', 20, 2)
      const by = { 'enable.auto.commit': false }
      const first = new Consumer(settings(topic, by))
      await first.subscribe([topic])
      const messages = await take(first, 2)
      const second = new Consumer(settings(topic, by))
      const [gone] = await Promise.all([
        new Promise<number>(resolve => first.on('revoked', ([slot]) => resolve(slot!.partition))),
        second.subscribe([topic]),
      ])
      await waitFor('its share', () => second.position().length === 1)
      const late = [{ topic, partition: gone, offset: 1 }]
      await expect(first.commit(late)).rejects.toMatchObject({ code: 'NOT_ASSIGNED' })
      await expect(first.commit(late)).rejects.toThrow(/another member/)
      const [offset] = (await take(second, 1)).map(message => message.offset)
      expect(offset).toBe(0)
      expect(messages).toHaveLength(2)
      await Promise.all([first.close(), second.close()])
    })

    test('a seek out of range: the policy decides, an event tells, others are not moved', async () => {
      const topic = await filled('misuse-seek', 20, 2)
      await using consumer = new Consumer(settings(topic))
      const resets: object[] = []
      consumer.on('reset', each => resets.push(each))
      await consumer.subscribe([topic])
      // A coordinator that has not heard of the topic yet gives an empty share first.
      await waitFor('both', () => {
        return consumer.position().filter(({ offset }) => offset !== undefined).length === 2
      })
      await consumer.seek({ topic, partition: 0, offset: 5_000 })
      const offsets: number[][] = [[], []]
      for (const { partition, offset } of await take(consumer, 20)) offsets[partition]!.push(offset)
      const all = Array.from({ length: 10 }, (_, i) => i)
      expect(offsets).toEqual([all, all])
      expect(resets).toEqual([{ topic, partition: 0, from: 5_000, to: 0 }])
    })

    test('offsets of an open transaction are waited for, and never taken for none', async () => {
      const topic = await filled('misuse-unstable', 20)
      const group = { groupId: topic, generationId: -1, memberId: '', groupInstanceId: null }
      await using producer = new Producer({
        'bootstrap.servers': cluster().bootstrapServers,
        'transactional.id': topic,
      })
      await producer.initTransactions()
      producer.beginTransaction()
      await producer.sendOffsetsToTransaction([{ topic, partition: 0, offset: 7 }], group)
      await using consumer = new Consumer(settings(topic, { 'auto.offset.reset': 'latest' }))
      await consumer.subscribe([topic])
      const first = take(consumer, 1)
      expect(consumer.position()[0]?.offset).toBeUndefined()
      await producer.commitTransaction()
      expect((await first)[0]?.offset).toBe(7)
    })
  })
}

onBothClusters('a consumer without a group', cluster => {
  test('is told that it needs one', async () => {
    await using consumer = new Consumer({ 'bootstrap.servers': cluster().bootstrapServers })
    expect(() => consumer.subscribe(['any'])).toThrow(/set 'group.id'/)
    expect(() => consumer.groupMetadata()).toThrow(/set 'group.id'/)
    await expect(consumer.committed()).rejects.toThrow(/set 'group.id'/)
  })
})
