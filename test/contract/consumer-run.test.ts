import { expect, test } from 'vitest'
import { deferred } from '../../src/base/deferred.ts'
import { Consumer, type ConsumerOptions, deadLetterRecord, Producer } from '../../src/index.ts'
import { waitFor } from '../support/wait.ts'
import { freshName, onBothClusters } from './clusters.ts'
import { createTopic, dealt, everyPartition, produceAll, textOf, valuesToEnd } from './consuming.ts'

const pause = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))

onBothClusters('a consumer that runs handlers', cluster => {
  const make = (options: ConsumerOptions = {}) =>
    new Consumer({ 'bootstrap.servers': cluster().bootstrapServers, ...options })

  async function filled(name: string, count: number, partitions: number): Promise<string> {
    const topic = freshName(name)
    await createTopic(cluster().bootstrapServers, topic, partitions)
    await produceAll(cluster().bootstrapServers, dealt(topic, count, partitions))
    return topic
  }

  test('keeps the order of each partition, and works on several at once', async () => {
    const topic = await filled('run-partitions', 400, 4)
    await using consumer = make()
    await consumer.assign(everyPartition(topic, 4, 'earliest' as const))
    const next = [0, 0, 0, 0]
    let [active, most, count] = [0, 0, 0]
    const three = deferred<void>()
    await consumer.run({
      concurrency: 3,
      eachMessage: async ({ partition, offset }) => {
        most = Math.max(most, ++active)
        expect(offset).toBe(next[partition]!++)
        // A broker may be late with its partitions: the others are not through before it comes.
        if (active === 3) three.resolve()
        await three.promise
        await pause(offset % 3)
        active--
        if (++count === 400) consumer.stop()
      },
    })
    expect(next).toEqual([100, 100, 100, 100])
    expect(most).toBe(3)
    expect(consumer.position().every(({ lag }) => lag === 0)).toBe(true)
  })

  test('by key, others overtake within a partition and the order of a key stays', async () => {
    const topic = freshName('run-keys')
    await createTopic(cluster().bootstrapServers, topic, 1)
    const records = dealt(topic, 300, 1).map((each, i) => ({ ...each, key: `key-${i % 20}` }))
    await produceAll(cluster().bootstrapServers, records)
    await using consumer = make()
    await consumer.assign(everyPartition(topic, 1, 'earliest' as const))
    const last = new Map<string, number>()
    let [active, most, count] = [0, 0, 0]
    const ten = deferred<void>()
    await consumer.run({
      concurrency: 10,
      orderedBy: 'key',
      eachMessage: async ({ key, offset }) => {
        most = Math.max(most, ++active)
        const name = String(key)
        const before = last.get(name) ?? -1
        if (active === 10) ten.resolve()
        await ten.promise
        await pause(offset % 5)
        expect(last.get(name) ?? -1).toBe(before)
        expect(offset).toBeGreaterThan(before)
        last.set(name, offset)
        active--
        if (++count === 300) consumer.stop()
      },
    })
    expect(most).toBe(10)
    expect(last.size).toBe(20)
  })

  test('what a failed handler left comes again, with all behind it', async () => {
    const topic = await filled('run-fails', 50, 1)
    await using consumer = make()
    await consumer.assign(everyPartition(topic, 1, 'earliest' as const))
    const run = consumer.run({
      concurrency: 8,
      orderedBy: 'key',
      eachMessage: async ({ offset }) => {
        if (offset === 5) throw new Error('no good')
        await pause(5)
      },
    })
    await expect(run).rejects.toThrow('no good')
    expect(consumer.position()[0]?.offset).toBe(5)
    expect((await valuesToEnd(consumer))[0]).toBe('5')
  })

  test('tries again, then hands over to the dead letters and goes on', async () => {
    const topic = await filled('run-dead', 5, 1)
    const dead = `${topic}.dead`
    await createTopic(cluster().bootstrapServers, dead, 1)
    await using producer = new Producer({ 'bootstrap.servers': cluster().bootstrapServers })
    await using consumer = make()
    await consumer.assign(everyPartition(topic, 1, 'earliest' as const))
    const tries: number[] = []
    await consumer.run({
      eachMessage: ({ offset }, { attempt }) => {
        if (offset === 4) consumer.stop()
        if (offset !== 2) return
        tries.push(attempt)
        throw new Error('never')
      },
      onFailure: {
        attempts: 3,
        backoffMs: 1,
        deadLetter: async (message, failure) => {
          await producer.send(deadLetterRecord(dead, message, failure))
        },
      },
    })
    expect(tries).toEqual([1, 2, 3])
    await consumer.assign(everyPartition(dead, 1, 'earliest' as const))
    for await (const message of consumer.messages({ until: 'end' })) {
      expect([message.key?.toString(), textOf(message)]).toEqual(['key-2', '2'])
      const causes = message.headers.map(({ key, value }) => [key, String(value)])
      expect(causes).toContainEqual(['dlq.topic', topic])
      expect(causes).toContainEqual(['dlq.offset', '2'])
      expect(causes).toContainEqual(['dlq.error.message', 'never'])
    }
  })

  test.each(['partition', 'key'] as const)(
    'not blocking, by %s: those behind a failing one go on, and no commit passes it',
    async orderedBy => {
      const topic = await filled('run-aside', 50, 1)
      const settings = { 'group.id': topic, 'auto.commit.interval.ms': 20 }
      await using consumer = make({ ...settings, 'auto.offset.reset': 'earliest' })
      await consumer.subscribe([topic])
      const order: number[] = []
      let committedMeanwhile: number | undefined
      const dead: number[] = []
      const thirty = deferred<void>()
      await consumer.run({
        concurrency: 2,
        orderedBy,
        eachMessage: async ({ offset }, { attempt }) => {
          if (offset === 20 && attempt === 1) {
            await consumer.commit()
            committedMeanwhile = (await consumer.committed())[0]?.offset
          }
          // However long the others take: it is not done before they are.
          if (offset === 3 && attempt === 2) await thirty.promise
          if (offset === 3 && attempt < 3) throw new Error('not yet')
          if (offset === 5) throw new Error('never')
          order.push(offset)
          if (offset === 30) thirty.resolve()
          if (order.length === 49 && dead.length === 1) consumer.stop()
        },
        onFailure: {
          attempts: 3,
          backoffMs: 20,
          blocking: false,
          deadLetter: ({ offset }) => {
            dead.push(offset)
            if (order.length === 49) consumer.stop()
          },
        },
      })
      expect(order.indexOf(3)).toBeGreaterThan(order.indexOf(30))
      expect(order.filter(offset => offset !== 3).slice(0, 3)).toEqual([0, 1, 2])
      expect([...order, ...dead].sort((a, b) => a - b)).toEqual(
        Array.from({ length: 50 }, (_, i) => i),
      )
      expect(dead).toEqual([5])
      expect(committedMeanwhile).toBe(3)
      expect(consumer.position()[0]?.offset).toBe(50)
    },
  )

  test('gives batches of one partition', async () => {
    const topic = await filled('run-batches', 1000, 2)
    await using consumer = make()
    await consumer.assign(everyPartition(topic, 2, 'earliest' as const))
    const next = [0, 0]
    await consumer.run({
      concurrency: 2,
      eachBatch: async batch => {
        for (const { offset } of batch) expect(offset).toBe(next[batch.partition]!++)
        await pause(1)
        if (next[0] === 500 && next[1] === 500) consumer.stop()
      },
    })
    expect(next).toEqual([500, 500])
  })
})

onBothClusters('handlers in a group', cluster => {
  test('no commit passes a message in work, and its partition waits for it', async () => {
    const topic = freshName('run-group')
    await createTopic(cluster().bootstrapServers, topic, 1)
    await produceAll(cluster().bootstrapServers, dealt(topic, 20, 1))
    const settings = {
      'bootstrap.servers': cluster().bootstrapServers,
      'group.id': topic,
      'auto.offset.reset': 'earliest',
      'auto.commit.interval.ms': 50,
    }
    const consumer = new Consumer(settings)
    await consumer.subscribe([topic])
    const done = new Set<number>()
    const seven = deferred<void>()
    const errors: Error[] = []
    consumer.on('error', error => errors.push(error))
    const run = consumer.run({
      concurrency: 20,
      orderedBy: 'key',
      eachMessage: async ({ offset }) => {
        if (offset === 7) await seven.promise
        done.add(offset)
      },
    })
    await waitFor('all others', () => done.size === 19)
    await waitFor('a commit of what is before it', async () => {
      return (await consumer.committed())[0]?.offset === 7
    })
    const closing = consumer.close()
    seven.resolve()
    await closing
    await run
    expect(errors).toEqual([])
    const reader = new Consumer(settings)
    expect((await reader.committed([{ topic, partition: 0 }]))[0]?.offset).toBe(20)
    await reader.close()
  })
})
