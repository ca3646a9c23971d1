import { expect, test } from 'vitest'
import { main } from '../../examples/read-process-write.ts'
import {
  Consumer,
  type ConsumerOptions,
  FencedError,
  Producer,
  readProcessWrite,
} from '../../src/index.ts'
import { waitFor } from '../support/wait.ts'
import { type ClusterUnderTest, freshName, onBothClusters } from './clusters.ts'
import { createTopic, dealt, everyPartition, produceAll, textOf, valuesToEnd } from './consuming.ts'

type Bytes = string | Uint8Array

onBothClusters('read, process, write', cluster => {
  const servers = () => ({ 'bootstrap.servers': cluster().bootstrapServers })

  async function topics(name: string, count: number): Promise<readonly [string, string]> {
    const [source, target] = [freshName(`${name}-in`), freshName(`${name}-out`)]
    await createTopic(cluster().bootstrapServers, source, 2)
    await createTopic(cluster().bootstrapServers, target, 2)
    const small = { 'batch.size': 200 }
    await produceAll(cluster().bootstrapServers, dealt(source, count, 2), small)
    return [source, target]
  }

  function member(group: string, more: ConsumerOptions = {}): Consumer {
    return new Consumer({
      ...servers(),
      'group.id': group,
      'auto.offset.reset': 'earliest',
      'enable.auto.commit': false,
      'isolation.level': 'read_committed',
      'heartbeat.interval.ms': 200,
      'max.partition.fetch.bytes': 500,
      ...more,
    })
  }

  test('each input once, whatever the handler throws and however often', async () => {
    const [source, target] = await topics('rpw', 400)
    const producer = new Producer({ ...servers(), 'transactional.id': target })
    const consumer = member(target)
    await consumer.subscribe([source])
    let [seen, throws] = [0, 0]
    const run = () =>
      readProcessWrite(consumer, producer, {
        eachBatch: (batch, tx) => {
          for (const message of batch) {
            tx.produce({ topic: target, value: textOf(message) })
            if (++seen % 60 === 0) throw new Error('no good')
          }
        },
      })
    const all = waitFor('all', async () => (await outputOf(cluster(), target)).length === 400)
    for (let over = false; !over; ) {
      const ended = run().then(() => true)
      const failed = ended.catch((error: Error) => {
        expect(error.message).toBe('no good')
        throws++
        return false
      })
      over = await Promise.race([failed, all.then(() => true)])
      if (over) consumer.stop()
      await failed
    }
    expect(throws).toBeGreaterThan(2)
    expect(await outputOf(cluster(), target)).toEqual(ascending(400))
    await Promise.all([consumer.close(), producer.close()])
  })

  test('each input once, while members come and go', async () => {
    const [source, target] = await topics('rpw-share', 600)
    const workers: { consumer: Consumer; producer: Producer; done: Promise<void> }[] = []
    const begin = async () => {
      const id = `${target}-${workers.length}`
      const producer = new Producer({ ...servers(), 'transactional.id': id })
      const consumer = member(target)
      await consumer.subscribe([source])
      const eachBatch: Parameters<typeof readProcessWrite<Buffer, Buffer, Bytes, Bytes>>[2] = {
        eachBatch: (batch, tx) => {
          for (const message of batch) tx.produce({ topic: target, value: textOf(message) })
        },
      }
      workers.push({ consumer, producer, done: readProcessWrite(consumer, producer, eachBatch) })
    }
    await begin()
    await begin()
    await waitFor('some', async () => (await outputOf(cluster(), target)).length > 50)
    await workers[0]!.consumer.close()
    await begin()
    await waitFor('all', async () => (await outputOf(cluster(), target)).length >= 600)
    expect(await outputOf(cluster(), target)).toEqual(ascending(600))
    for (const { consumer, producer, done } of workers) {
      await consumer.close()
      await done
      await producer.close()
    }
  })

  test('a producer that takes over fences the other, which ends', async () => {
    const [source, target] = await topics('rpw-fenced', 2)
    const old = new Producer({ ...servers(), 'transactional.id': target })
    const consumer = member(target)
    await consumer.subscribe([source])
    const heir = new Producer({ ...servers(), 'transactional.id': target })
    const run = readProcessWrite(consumer, old, {
      eachBatch: async (batch, tx) => {
        for (const message of batch) tx.produce({ topic: target, value: textOf(message) })
        await heir.initTransactions()
      },
    })
    await expect(run).rejects.toBeInstanceOf(FencedError)
    expect(await outputOf(cluster(), target)).toEqual([])
    await Promise.all([consumer.close(), old.close(), heir.close()])
  })

  test('needs a group and a transactional id, and says so', async () => {
    await using consumer = new Consumer(servers())
    await using producer = new Producer(servers())
    const eachBatch = () => {}
    await expect(readProcessWrite(consumer, producer, { eachBatch })).rejects.toThrow(/group.id/)
    const [source, target] = await topics('rpw-plain', 2)
    await using grouped = member(target)
    await grouped.subscribe([source])
    const refused = readProcessWrite(grouped, producer, { eachBatch })
    await expect(refused).rejects.toThrow(/transactional.id/)
  })
})

test('the example: every order has one bill', async () => {
  const lines: string[] = []
  await main(line => lines.push(line))
  expect(lines).toEqual(['after 10 bills: the power went out', '1000 bills for 1000 orders'])
})

async function outputOf({ bootstrapServers }: ClusterUnderTest, topic: string): Promise<number[]> {
  await using reader = new Consumer({
    'bootstrap.servers': bootstrapServers,
    'isolation.level': 'read_committed',
  })
  await reader.assign(everyPartition(topic, 2, 'earliest' as const))
  return (await valuesToEnd(reader)).map(Number).sort((a, b) => a - b)
}

function ascending(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}
