import { expect, test } from 'vitest'
import { Admin, Producer, type ProducerOptions, type ProducerRecord } from '../../src/index.ts'
import { freshName, onBothClusters } from './clusters.ts'
import { produceAll } from './consuming.ts'
import { readBack, type StoredRecord } from './read-back.ts'

/** Long enough for a machine that is busy with other things. */
const PATIENT = { timeout: 20_000 }
const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

function numbered(topic: string, count: number): ProducerRecord[] {
  return Array.from({ length: count }, (_, i) => ({ topic, key: `key-${i % 17}`, value: `${i}` }))
}

function thrownBy(call: () => void): string {
  try {
    call()
    return 'nothing'
  } catch (error) {
    return String(error)
  }
}

/** In each partition the values of each key count up: nothing was reordered. */
function expectOrderPerKey(stored: readonly StoredRecord[]): void {
  const last = new Map<string, number>()
  for (const { partition, key, value } of stored) {
    const name = `${partition}/${key}`
    expect(Number(value)).toBeGreaterThan(last.get(name) ?? -1)
    last.set(name, Number(value))
  }
}

onBothClusters('a producer', cluster => {
  const make = (options: ProducerOptions = {}) =>
    new Producer({ 'bootstrap.servers': cluster().bootstrapServers, ...options })

  test.each(CODECS)('delivers with %s, and every report tells the truth', async codec => {
    const topic = freshName(`producer-${codec}`)
    await using producer = make({ 'compression.type': codec, 'linger.ms': 5 })
    const results = await producer.sendBatch(numbered(topic, 500))
    const stored = await readBack(cluster().bootstrapServers, topic)
    const byPlace = new Map(stored.map(each => [`${each.partition}/${each.offset}`, each]))
    expect(stored).toHaveLength(500)
    for (const result of results) {
      if (result.status === 'rejected') throw result.reason
      const { partition, offset, key, value, timestamp } = result.value
      expect(byPlace.get(`${partition}/${offset}`)).toMatchObject({ key, value, timestamp })
    }
    expectOrderPerKey(stored)
    if (codec !== 'none') expect(stored.some(each => each.codec !== 0)).toBe(true)
  })

  test('tells null from empty, and keeps headers as they are', async () => {
    const topic = freshName('producer-bytes')
    await using producer = make()
    const headers = [
      { key: 'twice', value: '1' },
      { key: 'twice', value: Buffer.from('2') },
      { key: 'none', value: null },
      { key: 'empty', value: '' },
    ]
    await producer.send({ topic, partition: 0, key: 'k', value: null, headers })
    await producer.send({ topic, partition: 0, key: '', value: '', timestamp: 1_600_000_000_000 })
    await producer.send({ topic, partition: 0 })
    const stored = await readBack(cluster().bootstrapServers, topic)
    expect(stored).toMatchObject([
      {
        key: 'k',
        value: null,
        headers: [
          ['twice', '1'],
          ['twice', '2'],
          ['none', null],
          ['empty', ''],
        ],
      },
      { key: '', value: '', timestamp: 1_600_000_000_000 },
      { key: null, value: null },
    ])
  })

  test.each(['all', 1, 0] as const)('acks=%s', async acks => {
    const topic = freshName(`producer-acks-${acks}`)
    // A leader that has not heard of the topic yet would lose what needs no answer.
    await produceAll(cluster().bootstrapServers, [{ topic, partition: 0, value: 'first' }])
    await using producer = make({ acks })
    const { offset } = await producer.send({ topic, partition: 0, value: 'v' })
    expect(offset).toBe(acks === 0 ? -1 : 1)
    await producer.flush()
    await expect
      .poll(async () => (await readBack(cluster().bootstrapServers, topic)).length, PATIENT)
      .toBe(2)
  })

  test('keeps order and loses nothing with many small batches in flight', async () => {
    const topic = freshName('producer-pipelined')
    await using producer = make({ 'batch.size': 600, 'linger.ms': 0 })
    let reports = 0
    const offsets = new Set<string>()
    for (const record of numbered(topic, 3_000)) {
      producer.produce(record, (error, report) => {
        if (error) throw error
        reports++
        offsets.add(`${report!.partition}/${report!.offset}`)
      })
    }
    expect(await producer.flush(30_000)).toBe(0)
    expect(reports).toBe(3_000)
    expect(offsets.size).toBe(3_000)
    const stored = await readBack(cluster().bootstrapServers, topic)
    expect(stored).toHaveLength(3_000)
    expectOrderPerKey(stored)
  })

  test('a record above the topic’s limit fails alone, when the broker refuses it', async () => {
    const topic = freshName('producer-large')
    await using producer = make({ 'max.request.size': 5_000_000 })
    const results = await producer.sendBatch([
      { topic, partition: 0, value: 'small' },
      { topic, partition: 0, value: Buffer.alloc(2_000_000, 'x') },
      { topic, partition: 0, value: 'small too' },
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(results[1]).toMatchObject({ reason: { code: 'MESSAGE_TOO_LARGE', persisted: 'no' } })
    expect(await readBack(cluster().bootstrapServers, topic)).toHaveLength(2)
    // By now the topic's own limit is known, so that the next one is refused at the call.
    const again = () => producer.produce({ topic, value: Buffer.alloc(2_000_000) }, () => {})
    await expect
      .poll(() => thrownBy(again), PATIENT)
      .toMatch(/more than its max\.message\.bytes \(10\d+\)/)
  })

  test('a stream ends when all is delivered', async () => {
    const topic = freshName('producer-stream')
    await using producer = make({ 'buffer.memory': 100_000, 'batch.size': 10_000 })
    const stream = producer.writable()
    for (const record of numbered(topic, 2_000)) {
      if (!stream.write(record)) await new Promise(resolve => stream.once('drain', resolve))
    }
    await new Promise<void>((resolve, reject) => {
      stream.once('error', reject)
      stream.end(resolve)
    })
    expect(await readBack(cluster().bootstrapServers, topic)).toHaveLength(2_000)
  })

  test('two producers do not disturb each other', async () => {
    const topic = freshName('producer-two')
    await using first = make()
    await using second = make()
    const [a, b] = await Promise.all([
      first.sendBatch(numbered(topic, 300)),
      second.sendBatch(numbered(topic, 300)),
    ])
    expect([...a, ...b].every(({ status }) => status === 'fulfilled')).toBe(true)
    expect(await readBack(cluster().bootstrapServers, topic)).toHaveLength(600)
  })

  test('partitions added while it runs are used: at once where one is named, soon by keys', async () => {
    const topic = freshName('producer-grows')
    const admin = new Admin({ 'bootstrap.servers': cluster().bootstrapServers })
    await using producer = make({ 'metadata.max.age.ms': 500 })
    try {
      await admin.topics.create([{ name: topic, partitions: 1 }])
      await producer.sendBatch(numbered(topic, 50))
      await admin.topics.createPartitions([{ name: topic, count: 5 }])
      const named = await producer.send({ topic, partition: 4, value: 'named' })
      expect(named.partition).toBe(4)
      const keyed = async () => {
        const results = await producer.sendBatch(numbered(topic, 100))
        return new Set(results.map(each => each.status === 'fulfilled' && each.value.partition))
          .size
      }
      await expect.poll(keyed, PATIENT).toBeGreaterThan(3)
    } finally {
      await admin.close()
    }
  })

  test('a topic that is deleted and made again under its name takes records again', async () => {
    const topic = freshName('producer-reborn')
    const admin = new Admin({ 'bootstrap.servers': cluster().bootstrapServers })
    await using producer = make()
    try {
      await admin.topics.create([{ name: topic, partitions: 1 }])
      await producer.sendBatch(numbered(topic, 50))
      await admin.topics.delete([topic])
      // The real one deletes in its own time, and refuses the name until then.
      const again = async () => {
        const [made] = await admin.topics.create([{ name: topic, partitions: 1 }])
        return made?.is
      }
      await expect.poll(again, PATIENT).toBe('done')
      const results = await producer.sendBatch(numbered(topic, 70))
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(70)
      expect(await readBack(cluster().bootstrapServers, topic)).toHaveLength(70)
    } finally {
      await admin.close()
    }
  })
})
