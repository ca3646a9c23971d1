import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { Consumer, listen, type TopicPartition } from '../../src/index.ts'
import { type KafkaCluster, startKafka } from '../kafka/cluster.ts'
import { describeWithKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait.ts'
import { type ClusterUnderTest, freshName, onBothClusters } from './clusters.ts'
import { createTopic, everyPartition, produceAll, textOf } from './consuming.ts'

interface Sent {
  readonly broker: string
  readonly partitions: number
  readonly told: number
  readonly forgotten: number
  readonly sessionId: number
  readonly sessionEpoch: number
}

const PARTITIONS = 30

/** A consumer with a loop of its own, and every fetch that it sends. */
class Reader {
  readonly consumer: Consumer
  readonly values: string[] = []
  readonly sent: Sent[] = []
  readonly #stop: () => void
  #loop: Promise<void> | undefined

  constructor(bootstrapServers: string) {
    const clientId = freshName('reader')
    this.consumer = new Consumer({
      'bootstrap.servers': bootstrapServers,
      'client.id': clientId,
      'fetch.max.wait.ms': 50,
    })
    this.#stop = listen('fetch:sent', each => {
      if (each.source.clientId === clientId) this.sent.push(each)
    })
  }

  async begin(partitions: readonly (TopicPartition & { offset: number })[]): Promise<void> {
    await this.consumer.assign(partitions)
    this.#loop = (async () => {
      for await (const message of this.consumer) this.values.push(textOf(message))
    })()
  }

  /** Fetches that name less than they are for. */
  get brief(): Sent[] {
    return this.sent.filter(({ told, partitions }) => told < partitions)
  }

  /** Whether each of so many brokers was asked last for just what it has been told already. */
  isSteady(brokers: number): boolean {
    const last = [...new Map(this.sent.map(each => [each.broker, each])).values()]
    const goesOn = ({ told, sessionId, sessionEpoch }: Sent) =>
      told === 0 && sessionId > 0 && sessionEpoch > 1
    return last.length === brokers && last.every(goesOn)
  }

  /** Waits for so many more fetches. */
  async fetches(count: number): Promise<void> {
    const before = this.sent.length
    await waitFor(`${count} more fetches`, () => this.sent.length >= before + count)
  }

  async close(): Promise<void> {
    this.#stop()
    await this.consumer.close()
    await this.#loop
  }
}

async function newTopic({ bootstrapServers }: Pick<ClusterUnderTest, 'bootstrapServers'>) {
  const topic = freshName('sessions')
  await createTopic(bootstrapServers, topic, PARTITIONS)
  return topic
}

/** Records for some partitions, one after the other, each awaited by the reader. */
async function trickle(bootstrapServers: string, topic: string, reader: Reader): Promise<void> {
  const before = reader.values.length
  for (let i = 0; i < 10; i++) {
    const value = `${before + i}`
    await produceAll(bootstrapServers, [{ topic, partition: (i * 7) % PARTITIONS, value }])
    await waitFor(`record ${value}`, () => reader.values.length > before + i)
  }
  expect(reader.values.slice(before)).toEqual(Array.from({ length: 10 }, (_, i) => `${before + i}`))
}

onBothClusters('fetch sessions', cluster => {
  test('a fetch names only what has changed, and every record comes', async () => {
    const topic = await newTopic(cluster())
    const reader = new Reader(cluster().bootstrapServers)
    await reader.begin(everyPartition(topic, PARTITIONS, 0))
    await waitFor('sessions with all brokers', () => reader.isSteady(3))
    const before = reader.sent.length
    await trickle(cluster().bootstrapServers, topic, reader)
    await waitFor('fetches that name nothing', () => reader.isSteady(3))
    await reader.close()
    const since = reader.sent.slice(before)
    expect(since.every(({ sessionId, sessionEpoch }) => sessionId > 0 && sessionEpoch > 1)).toBe(
      true,
    )
    expect(since.reduce((sum, { told }) => sum + told, 0)).toBeLessThanOrEqual(20)
  })

  test('follows pauses, seeks and changes of what is assigned', async () => {
    const topic = await newTopic(cluster())
    const { bootstrapServers } = cluster()
    const reader = new Reader(bootstrapServers)
    await reader.begin(everyPartition(topic, PARTITIONS - 1, 0))
    await trickle(bootstrapServers, topic, reader)
    const paused = { topic, partition: 7 }
    reader.consumer.pause([paused])
    await waitFor('a fetch without it', () => reader.sent.some(({ forgotten }) => forgotten > 0))
    await produceAll(bootstrapServers, [{ ...paused, value: 'paused' }])
    await produceAll(bootstrapServers, [{ topic, partition: 1, value: 'other' }])
    await waitFor('the other', () => reader.values.at(-1) === 'other')
    reader.consumer.resume([paused])
    await waitFor('the one that was paused', () => reader.values.at(-1) === 'paused')
    await reader.consumer.seek({ ...paused, offset: 0 })
    await waitFor('the same again', () => reader.values.slice(-2).join() === '1,paused')
    const last = { topic, partition: PARTITIONS - 1 }
    await reader.consumer.assign([{ ...last, offset: 0 }, { ...paused }])
    await produceAll(bootstrapServers, [{ ...last, value: 'last' }])
    await waitFor('the last', () => reader.values.at(-1) === 'last')
    await reader.close()
  })
})

describe('fetch sessions that brokers refuse', () => {
  let cluster: EmbeddedCluster
  beforeAll(async () => {
    cluster = await EmbeddedCluster.start({ brokers: 2 })
  })
  afterAll(() => cluster.stop())

  test.each([
    'FETCH_SESSION_ID_NOT_FOUND',
    'INVALID_FETCH_SESSION_EPOCH',
    'FETCH_SESSION_TOPIC_ID_ERROR',
  ] as const)('%s leads to a new session at once, and no record is missed', async error => {
    const topic = await newTopic(cluster)
    const reader = new Reader(cluster.bootstrapServers)
    await reader.begin(everyPartition(topic, PARTITIONS, 0))
    await trickle(cluster.bootstrapServers, topic, reader)
    const fulls = reader.sent.filter(({ sessionEpoch }) => sessionEpoch === 0).length
    for (let i = 0; i < 3; i++) {
      cluster.intercept('Fetch', () => ({ reply: sessionError(error) }))
      await waitFor('the refusal', () => {
        return reader.sent.filter(each => each.sessionEpoch === 0).length > fulls + i
      })
    }
    await trickle(cluster.bootstrapServers, topic, reader)
    await reader.close()
  })

  test('a lost answer closes the session, and no record is missed', async () => {
    const topic = await newTopic(cluster)
    const reader = new Reader(cluster.bootstrapServers)
    await reader.begin(everyPartition(topic, PARTITIONS, 0))
    await trickle(cluster.bootstrapServers, topic, reader)
    cluster.disconnect('Fetch', { times: 2 })
    await trickle(cluster.bootstrapServers, topic, reader)
    const anew = reader.sent.filter(({ sessionEpoch, sessionId }) => !sessionEpoch && sessionId > 0)
    expect(anew.length).toBeGreaterThan(0)
    await reader.close()
  })

  test('a broker that has no room for sessions gets whole requests', async () => {
    const brokerConfig = { 'max.incremental.fetch.session.cache.slots': '0' }
    const full = await EmbeddedCluster.start({ brokerConfig })
    await readWithoutSessions(full.bootstrapServers)
    await full.stop()
  })
})

describeWithKafka('a Kafka without room for fetch sessions', () => {
  let kafka: KafkaCluster
  beforeAll(async () => {
    kafka = await startKafka({ config: { 'max.incremental.fetch.session.cache.slots': '0' } })
  })
  afterAll(() => kafka.stop())

  test('gets whole requests', () => readWithoutSessions(kafka.bootstrapServers))
})

async function readWithoutSessions(bootstrapServers: string): Promise<void> {
  const topic = await newTopic({ bootstrapServers })
  const reader = new Reader(bootstrapServers)
  await reader.begin(everyPartition(topic, PARTITIONS, 0))
  await trickle(bootstrapServers, topic, reader)
  await reader.fetches(10)
  await reader.close()
  expect(reader.brief).toEqual([])
}

const codes = {
  FETCH_SESSION_ID_NOT_FOUND: 70,
  INVALID_FETCH_SESSION_EPOCH: 71,
  FETCH_SESSION_TOPIC_ID_ERROR: 106,
}

function sessionError(name: keyof typeof codes) {
  return { throttleTimeMs: 0, errorCode: codes[name], sessionId: 0, responses: [] }
}
