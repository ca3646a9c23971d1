import { afterEach, expect, test, vi } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import { EmbeddedCluster } from '../../../src/broker/index.ts'
import { Consumer, Producer, silentLogger } from '../../../src/index.ts'
import { FrameMemory } from '../../../src/protocol/frame-memory.ts'
import type { CodecName } from '../../../src/records/compression/index.ts'

const topic = 'kept'
const VALUES = 2_000
const random = seededRandom(11)
/** Half of what can be compressed: batches that no codec makes smaller are sent as they are. */
const values = Array.from({ length: VALUES }, () => {
  const half = Buffer.from(Array.from({ length: 6_000 }, () => random() * 256))
  return Buffer.concat([half, half])
})

/** Fills a topic in which each answer to a fetch holds batches of all these codecs. */
async function fill(servers: string, codecs: readonly CodecName[]): Promise<void> {
  const producers = codecs.map(
    codec =>
      new Producer({
        'bootstrap.servers': servers,
        'compression.type': codec,
        'batch.size': 65_536,
        logger: silentLogger,
      }),
  )
  for (let from = 0; from < VALUES; from += 20) {
    const producer = producers[(from / 20) % producers.length]!
    const messages = values.slice(from, from + 20).map((value, i) => ({
      topic,
      partition: ((from / 20) >> 2) % 4,
      key: String(from + i),
      value,
    }))
    await producer.sendBatch(messages)
  }
  for (const producer of producers) await producer.close()
}

/**
 * Reads all, keeps every message, and looks at their bytes only when all have come. Gives how often
 * memory was given back.
 */
async function keepAll(servers: string): Promise<number> {
  const consumer = new Consumer({
    'bootstrap.servers': servers,
    'max.partition.fetch.bytes': 262_144,
    logger: silentLogger,
  })
  const givenBack = vi.spyOn(FrameMemory.prototype, 'giveBack')
  const partitions = await consumer.partitionsFor(topic)
  await consumer.assign(partitions.map(place => ({ ...place, offset: 'earliest' })))
  const kept = []
  for await (const batch of consumer.batches()) {
    kept.push(batch)
    if (kept.reduce((sum, { count }) => sum + count, 0) === VALUES) break
  }
  await consumer.close()
  const messages = kept.flatMap(batch => [...batch])
  expect(messages).toHaveLength(VALUES)
  for (const { key, value } of messages) {
    expect(value?.equals(values[Number(key)]!), `record ${key}`).toBe(true)
  }
  return givenBack.mock.calls.length
}

afterEach(() => {
  vi.restoreAllMocks()
})

test.each<{ codecs: CodecName[] }>([
  { codecs: ['lz4'] },
  { codecs: ['gzip', 'zstd', 'snappy', 'lz4'] },
  { codecs: ['none'] },
  { codecs: ['none', 'lz4'] },
])('what was fetched in $codecs stays as it came while more is read', async ({ codecs }) => {
  await using cluster = await EmbeddedCluster.start({ logger: silentLogger })
  await cluster.createTopic(topic, { partitions: 4 })
  await fill(cluster.bootstrapServers, codecs)
  const givenBack = await keepAll(cluster.bootstrapServers)
  if (!codecs.includes('none')) expect(givenBack).toBeGreaterThan(0)
  if (codecs.length === 1 && codecs[0] === 'none') expect(givenBack).toBe(0)
})
