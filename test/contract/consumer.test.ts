import { expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { ShiftableClock } from '../../src/base/shiftable-clock.ts'
import {
  Admin,
  type BadRecordPolicy,
  Consumer,
  type ConsumerOptions,
  jsonDeserializer,
  orThrow,
  Producer,
  StateError,
  stringDeserializer,
  type TopicPartition,
} from '../../src/index.ts'
import { waitFor } from '../support/wait.ts'
import { settles } from './admin-client.ts'
import { freshName, onBothClusters } from './clusters.ts'
import {
  createTopic,
  dealt,
  everyPartition,
  metadataOf,
  produceAll,
  take,
  textOf,
  valuesToEnd,
} from './consuming.ts'

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

onBothClusters('a consumer with assigned partitions', cluster => {
  const make = (options: ConsumerOptions = {}) =>
    new Consumer({ 'bootstrap.servers': cluster().bootstrapServers, ...options })

  /** A topic with so many records in its partitions. */
  async function filled(name: string, count: number, partitions = 1): Promise<string> {
    const topic = freshName(name)
    await createTopic(cluster().bootstrapServers, topic, partitions)
    await produceAll(cluster().bootstrapServers, dealt(topic, count, partitions))
    return topic
  }

  test.each(CODECS)('reads all that was written with %s, in order', async codec => {
    const topic = freshName(`consumer-${codec}`)
    await createTopic(cluster().bootstrapServers, topic, 3)
    const records = dealt(topic, 3000, 3).map(each => ({
      ...each,
      headers: [{ key: 'at', value: each.value ?? null }],
    }))
    const settings = { 'compression.type': codec, 'batch.size': 8192 }
    await produceAll(cluster().bootstrapServers, records, settings)
    await using consumer = make()
    await consumer.assign(everyPartition(topic, 3, 'earliest' as const))
    const next = [0, 0, 0]
    for await (const message of consumer.messages({ until: 'end' })) {
      const i = message.offset * 3 + message.partition
      expect(message.offset).toBe(next[message.partition])
      expect([message.key?.toString(), textOf(message)]).toEqual([`key-${i}`, `${i}`])
      expect(message.headers).toEqual([{ key: 'at', value: Buffer.from(`${i}`) }])
      next[message.partition] = message.offset + 1
    }
    expect(next).toEqual([1000, 1000, 1000])
    expect(consumer.position().every(({ atEnd }) => atEnd)).toBe(true)
    expect(consumer.lag().total).toBe(0)
  })

  test('begins where it is told: at an offset, at either end, at a time', async () => {
    const topic = freshName('consumer-start')
    await createTopic(cluster().bootstrapServers, topic, 1)
    // Not long ago, or retention may take them away meanwhile.
    const begun = Date.now() - 60_000
    const records = dealt(topic, 10, 1).map((each, i) => ({ ...each, timestamp: begun + i * 10 }))
    await produceAll(cluster().bootstrapServers, records)
    await using consumer = make()
    const startOf = async (offset: number | 'earliest' | 'latest' | { timestamp: number }) => {
      await consumer.assign([{ topic, partition: 0, offset }])
      return consumer.position()[0]?.offset
    }
    expect(await startOf(4)).toBe(4)
    expect(await startOf('earliest')).toBe(0)
    expect(await startOf('latest')).toBe(10)
    expect(await startOf({ timestamp: begun + 35 })).toBe(4)
    expect(await startOf({ timestamp: begun + 4000 })).toBe(10)
    await startOf(7)
    expect(await valuesToEnd(consumer)).toEqual(['7', '8', '9'])
  })

  test('goes on elsewhere after a seek, whatever was fetched already', async () => {
    const topic = await filled('consumer-seek', 1000)
    await using consumer = make()
    await consumer.assign([{ topic, partition: 0, offset: 'earliest' }])
    const seen: number[] = []
    for await (const { offset } of consumer) {
      seen.push(offset)
      if (seen.length === 3) await consumer.seek({ topic, partition: 0, offset: 900 })
      if (seen.length === 5) await consumer.seek({ topic, partition: 0, offset: 'earliest' })
      if (seen.length === 6) consumer.stop()
    }
    expect(seen).toEqual([0, 1, 2, 900, 901, 0])
  })

  test('hands out nothing of a paused partition, and loses nothing of it', async () => {
    const topic = await filled('consumer-pause', 600, 2)
    await using consumer = make()
    await consumer.assign(everyPartition(topic, 2, 'earliest' as const))
    const offsets: number[][] = [[], []]
    // Whichever comes first is paused, and the other one is read to its end meanwhile.
    let paused = -1
    for await (const { partition, offset } of consumer.messages({ until: 'end' })) {
      offsets[partition]!.push(offset)
      if (paused < 0 && offset === 10) {
        paused = partition
        consumer.pause([{ topic, partition }])
      }
      if (partition !== paused && offset === 299) {
        expect(offsets[paused]).toHaveLength(11)
        consumer.resume()
      }
    }
    expect(offsets).toEqual([ascending(300), ascending(300)])
  })

  test('a record that a loop was left with comes first in the next one', async () => {
    const topic = await filled('consumer-left', 5)
    await using consumer = make()
    await consumer.assign([{ topic, partition: 0, offset: 'earliest' }])
    for await (const { offset } of consumer) if (offset === 1) break
    const failing = async () => {
      for await (const message of consumer) throw new Error(`failed at ${message.offset}`)
    }
    await expect(failing()).rejects.toThrow('failed at 1')
    expect(consumer.position()[0]?.offset).toBe(1)
    expect((await take(consumer, 2)).map(({ offset }) => offset)).toEqual([1, 2])
    expect(await valuesToEnd(consumer)).toEqual(['3', '4'])
  })

  test('a batch that is larger than every limit is still read', async () => {
    const topic = freshName('consumer-large')
    await createTopic(cluster().bootstrapServers, topic, 3)
    const records = dealt(topic, 6, 3).map(each => ({ ...each, value: 'x'.repeat(50_000) }))
    await produceAll(cluster().bootstrapServers, records)
    await using consumer = make({ 'max.partition.fetch.bytes': 100, 'fetch.max.bytes': 100 })
    await consumer.assign(everyPartition(topic, 3, 'earliest' as const))
    expect(await valuesToEnd(consumer)).toHaveLength(6)
  })

  test('an offset out of range leads to auto.offset.reset, and to an event', async () => {
    const topic = await filled('consumer-range', 5)
    await using consumer = make({ 'auto.offset.reset': 'earliest' })
    const resets: object[] = []
    consumer.on('reset', each => resets.push(each))
    await consumer.assign([{ topic, partition: 0, offset: 1000 }])
    expect((await take(consumer, 1))[0]?.offset).toBe(0)
    expect(resets).toEqual([{ topic, partition: 0, from: 1000, to: 0 }])
  })

  test('with none an offset out of range is an error, after which a seek goes on', async () => {
    const topic = await filled('consumer-none', 5)
    await using consumer = make({ 'auto.offset.reset': 'none' })
    await consumer.assign([{ topic, partition: 0, offset: 1000 }])
    await expect(take(consumer, 1)).rejects.toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
      at: { topic, partition: 0, offset: 1000 },
    })
    await consumer.seek({ topic, partition: 0, offset: 3 })
    expect((await take(consumer, 1))[0]?.offset).toBe(3)
  })

  test('read_committed hides what was aborted, and stops before what is open', async () => {
    const topic = freshName('consumer-committed')
    await createTopic(cluster().bootstrapServers, topic, 1)
    const begin = async (name: string) => {
      const id = `${topic}-${name}`
      const settings = { 'bootstrap.servers': cluster().bootstrapServers, 'transactional.id': id }
      const producer = new Producer(settings)
      await producer.initTransactions()
      return producer
    }
    const [one, two] = [await begin('one'), await begin('two')]
    const send = (by: Producer, value: string) => by.send({ topic, partition: 0, value })
    for (const round of ['a', 'b']) {
      one.beginTransaction()
      two.beginTransaction()
      await send(one, `${round}1`)
      await send(two, `${round}2 aborted`)
      await send(one, `${round}3`)
      await two.abortTransaction()
      await one.commitTransaction()
    }
    one.beginTransaction()
    await send(one, 'open')
    // The answer to an abort comes before its marker, which readers wait at as at what is open.
    using admin = new Admin({ 'bootstrap.servers': cluster().bootstrapServers })
    await settles(async () => {
      const [described] = (await admin.transactions.describe([`${topic}-two`])).map(orThrow)
      return described?.state
    }).toBe('CompleteAbort')
    const read = async (level: 'read_committed' | 'read_uncommitted') => {
      await using consumer = make({ 'isolation.level': level })
      await consumer.assign([{ topic, partition: 0, offset: 'earliest' }])
      return await valuesToEnd(consumer)
    }
    expect(await read('read_committed')).toEqual(['a1', 'a3', 'b1', 'b3'])
    const all = ['a1', 'a2 aborted', 'a3', 'b1', 'b2 aborted', 'b3', 'open']
    expect(await read('read_uncommitted')).toEqual(all)
    await one.abortTransaction()
    expect(await read('read_committed')).toEqual(['a1', 'a3', 'b1', 'b3'])
    await Promise.all([one.close(), two.close()])
  })

  test('gives one partition at a time as batches', async () => {
    const topic = await filled('consumer-batches', 2000, 2)
    await using consumer = make()
    await consumer.assign(everyPartition(topic, 2, 100))
    const next = [100, 100]
    for await (const batch of consumer.batches({ until: 'end' })) {
      const messages = [...batch]
      expect(messages[0]?.offset).toBe(next[batch.partition])
      for (const { offset, partition } of messages) expect(offset).toBe(next[partition]!++)
      expect(batch.nextOffset).toBe(next[batch.partition])
      let inPlace = 0
      for (const cursor of batch.cursors()) while (cursor.next()) inPlace++
      expect(inPlace).toBe(messages.length)
    }
    expect(next).toEqual([1000, 1000])
  })

  test('takes partitions in turn, so that none starves another', async () => {
    const topic = freshName('consumer-fair')
    await createTopic(cluster().bootstrapServers, topic, 2)
    const records = dealt(topic, 2000, 2)
    await produceAll(cluster().bootstrapServers, records, { 'batch.size': 1000 })
    await using consumer = make()
    await consumer.assign(everyPartition(topic, 2, 'earliest' as const))
    await waitFor('both', () => consumer.position().every(({ end }) => end !== undefined))
    const partitions = (await take(consumer, 500)).map(({ partition }) => partition)
    expect(new Set(partitions)).toEqual(new Set([0, 1]))
  })

  test('tells when the end is reached, and again for what comes later', async () => {
    const topic = await filled('consumer-end', 3)
    await using consumer = make()
    const ends: number[] = []
    const values: string[] = []
    consumer.on('end', ({ offset }) => {
      ends.push(offset)
      if (ends.length === 2) consumer.stop()
      else void produceAll(cluster().bootstrapServers, dealt(topic, 1, 1))
    })
    await consumer.assign([{ topic, partition: 0, offset: 'earliest' }])
    for await (const message of consumer) values.push(textOf(message))
    expect(ends).toEqual([3, 4])
    expect(values).toEqual(['0', '1', '2', '0'])
  })

  test('a record whose deserializer fails: the policy decides, the position is kept', async () => {
    const topic = freshName('consumer-bad')
    await createTopic(cluster().bootstrapServers, topic, 1)
    const values = ['{"n":1}', 'no json', '{"n":3}']
    await produceAll(
      cluster().bootstrapServers,
      values.map(value => ({ topic, partition: 0, value })),
    )
    const read = async (policy: BadRecordPolicy, batches: boolean) => {
      await using consumer = new Consumer(
        { 'bootstrap.servers': cluster().bootstrapServers, 'on.bad.record': policy },
        { value: jsonDeserializer, key: stringDeserializer },
      )
      const errors: Error[] = []
      consumer.on('error', error => errors.push(error))
      await consumer.assign([{ topic, partition: 0, offset: 'earliest' }])
      const got: unknown[] = []
      const ended = (async () => {
        if (batches) {
          for await (const batch of consumer.batches({ until: 'end' })) {
            for (const { value } of batch) got.push(value)
          }
        } else for await (const { value } of consumer.messages({ until: 'end' })) got.push(value)
      })()
      const outcome = await ended.then(
        () => 'end',
        error => `${error.code} @ ${error.at.offset}`,
      )
      return { got, outcome, errors: errors.length, offset: consumer.position()[0]?.offset }
    }
    const stopped = { got: [{ n: 1 }], outcome: 'DESERIALIZATION_FAILED @ 1', errors: 0, offset: 1 }
    const skipped = { got: [{ n: 1 }, { n: 3 }], outcome: 'end', errors: 1, offset: 3 }
    expect(await read('throw', false)).toEqual(stopped)
    expect(await read('throw', true)).toEqual(stopped)
    expect(await read('skip', false)).toEqual(skipped)
    expect(await read(() => 'skip', true)).toEqual(skipped)
  })

  test('says what is wrong with how it is used', async () => {
    const topic = await filled('consumer-misuse', 1)
    /** One that gives up when the broker has said what there is, however long it takes to. */
    const givingUp = async (place: TopicPartition & { offset: number | 'earliest' }) => {
      const clock = new ShiftableClock(systemClock)
      const clientId = freshName('misused')
      const settings = { 'bootstrap.servers': cluster().bootstrapServers, 'client.id': clientId }
      const told = metadataOf(clientId)
      const one = new Consumer(settings, {}, { clock })
      const code = 'UNKNOWN_TOPIC_OR_PARTITION'
      const refused = expect(one.assign([place])).rejects.toMatchObject({ code })
      await told
      await clock.advance(31_000)
      await refused
      return one
    }
    const lost = await givingUp({ topic: freshName('nowhere'), partition: 0, offset: 0 })
    await expect(take(lost, 1)).rejects.toThrow(/create it first/)
    await lost.close()
    const consumer = await givingUp({ topic, partition: 7, offset: 'earliest' })
    await expect(take(consumer, 1)).rejects.toThrow(/has one partition, 0/)
    await consumer.assign([{ topic, partition: 0, offset: 'earliest' }])
    const loop = consumer.messages()
    expect(() => consumer.messages()).toThrow(StateError)
    await loop.return?.()
    expect(() => consumer.seek({ topic, partition: 3, offset: 0 })).toThrow(/not assigned/)
    await expect(consumer.commit()).rejects.toThrow(/group.id/)
    await consumer.close()
    expect(() => consumer.messages()).toThrow(/closed/)
  })
})

function ascending(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}
