import { expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { TimeoutError } from '../../src/errors.ts'
import { Producer } from '../../src/index.ts'
import { silentLogger } from '../../src/logger.ts'

test('records are read back as they were committed, in every codec', async () => {
  await using cluster = await EmbeddedCluster.start({ logger: silentLogger })
  const servers = { 'bootstrap.servers': cluster.bootstrapServers }
  await cluster.createTopic('orders', { partitions: 2 })
  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    await using producer = new Producer({ ...servers, 'compression.type': codec })
    const headers = [{ key: 'codec', value: codec }]
    await producer.send({ topic: 'orders', partition: 1, key: codec, value: null, headers })
  }
  await using shop = new Producer({ ...servers, 'transactional.id': 'shop' })
  await shop.initTransactions()
  const tell = async (value: string) => {
    await shop.beginTransaction()
    shop.produce({ topic: 'orders', partition: 0, value })
    await shop.flush()
  }
  await tell('aborted')
  await shop.abortTransaction()
  await tell('committed')
  await shop.commitTransaction()
  const records = await cluster.waitForRecords('orders', 6)
  expect(records.map(({ partition, key, value }) => [partition, `${key}`, `${value}`])).toEqual([
    [0, 'null', 'committed'],
    ...['none', 'gzip', 'snappy', 'lz4', 'zstd'].map(codec => [1, codec, 'null']),
  ])
  expect(records[2]!.headers).toEqual([{ key: 'codec', value: Buffer.from('gzip') }])
  expect(await cluster.records('orders')).toEqual(records)
  expect(cluster.topics()).toEqual(['orders'])
})

test('who waits is told at once, or when the time is over', async () => {
  await using cluster = await EmbeddedCluster.start({ logger: silentLogger })
  await cluster.createTopic('orders')
  const waiting = cluster.waitForRecords('orders', 1, { timeoutMs: 60_000 })
  await using shop = new Producer({ 'bootstrap.servers': cluster.bootstrapServers })
  await shop.send({ topic: 'orders', value: 'one' })
  expect(await waiting).toHaveLength(1)
  const inVain = cluster.waitForRecords('orders', 2, { timeoutMs: 60_000 })
  const refused = expect(inVain).rejects.toThrow(/orders held 1 of 2 records after 60000 ms/)
  await cluster.advanceTime(60_000)
  await refused
  await expect(inVain).rejects.toBeInstanceOf(TimeoutError)
  expect(() => cluster.records('missing')).toThrow(/UNKNOWN_TOPIC_OR_PARTITION/)
})
