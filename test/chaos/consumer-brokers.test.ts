import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import {
  Consumer,
  type ConsumerOptions,
  listen,
  Producer,
  type StalledPartition,
} from '../../src/index.ts'
import { textOf } from '../contract/consuming.ts'
import { type KafkaCluster, startKafka } from '../kafka/cluster.ts'
import { describeWithKafka, freshName } from '../support/kafka.ts'
import { waitFor } from '../support/wait.ts'

// Brokers are killed, missed after 9 s, and start anew, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 240_000 })

const SELECTOR = 'org.apache.kafka.common.replica.RackAwareReplicaSelector'

/** A consumer of one partition whose loop notes what comes. */
class Reader {
  readonly consumer: Consumer
  readonly values: string[] = []
  readonly truncated: object[] = []
  readonly resets: object[] = []
  readonly stalled: StalledPartition[] = []
  #loop: Promise<void> | undefined

  constructor(options: ConsumerOptions) {
    this.consumer = new Consumer(options)
    this.consumer.on('truncated', each => this.truncated.push(each))
    this.consumer.on('reset', each => this.resets.push(each))
    this.consumer.on('stalled', partitions => this.stalled.push(...partitions))
  }

  async begin(topic: string): Promise<void> {
    await this.consumer.assign([{ topic, partition: 0, offset: 0 }])
    this.#loop = (async () => {
      for await (const message of this.consumer) this.values.push(textOf(message))
    })()
  }

  async close(): Promise<void> {
    await this.consumer.close()
    await this.#loop
  }
}

describeWithKafka('a consumer and its brokers', () => {
  let kafka: KafkaCluster
  beforeAll(async () => {
    const config = ({ id }: { id: number }) => ({
      'broker.rack': `rack-${id}`,
      'replica.selector.class': SELECTOR,
      'unclean.leader.election.enable': 'true',
      'auto.leader.rebalance.enable': 'false',
    })
    kafka = await startKafka({ brokers: 3, config, heapMb: 256 })
  })
  afterAll(() => kafka.stop())

  const broker = (id: number) => kafka.brokers[id - 1]!
  const servers = () => ({ 'bootstrap.servers': kafka.bootstrapServers })

  /** A topic of one partition on these brokers, the first of them its leader. */
  async function newTopic(name: string, brokers: readonly number[]): Promise<string> {
    const topic = freshName(name)
    await kafka.tool('TopicCommand', [
      ...['--create', '--topic', topic, '--replica-assignment', brokers.join(':')],
      ...['--config', 'min.insync.replicas=1'],
    ])
    return topic
  }

  async function send(topic: string, from: number, to: number, name = ''): Promise<void> {
    await using producer = new Producer(servers())
    const values = Array.from({ length: to - from }, (_, i) => `${name}${from + i}`)
    await Promise.all(values.map(value => producer.send({ topic, partition: 0, value })))
  }

  async function stateOf(topic: string) {
    const consumer = new Consumer(servers())
    const [info] = await consumer.partitionsFor(topic)
    await consumer.close()
    return info!
  }

  test('reads from the replica in its own rack (KIP-392), and survives its death', async () => {
    const topic = await newTopic('rack', [1, 3])
    const clientId = freshName('racked')
    const brokers: string[] = []
    const stop = listen('fetch:sent', ({ broker, source }) => {
      if (source.clientId === clientId) brokers.push(broker.split(' ')[0]!)
    })
    const reader = new Reader({
      ...servers(),
      'client.id': clientId,
      'client.rack': 'rack-3',
    })
    await reader.begin(topic)
    await send(topic, 0, 100)
    await waitFor('the first hundred', () => reader.values.length === 100)
    await waitFor('the nearer one to be asked', () => brokers.at(-1) === '3')
    expect(brokers[0]).toBe('1')
    await send(topic, 100, 200)
    await waitFor('the second hundred', () => reader.values.length === 200)
    // The leader is asked now and then where a replica fell behind.
    await waitFor('the nearer one to be asked again', () => brokers.at(-1) === '3')
    await broker(3).kill('SIGKILL')
    await send(topic, 200, 300)
    await waitFor('the third hundred', () => reader.values.length === 300)
    expect(brokers.at(-1)).toBe('1')
    expect(reader.values).toEqual(Array.from({ length: 300 }, (_, i) => `${i}`))
    expect(reader.resets).toEqual([])
    stop()
    await reader.close()
    await broker(3).restart()
  })

  test('finds out that what it read was lost with its leader (KIP-320)', async () => {
    const topic = await newTopic('truncated', [1, 2])
    const reader = new Reader(servers())
    await reader.begin(topic)
    await send(topic, 0, 10, 'both ')
    await waitFor('what both have', () => reader.values.length === 10)
    await broker(2).kill('SIGKILL')
    await waitFor('the one to be alone', async () => {
      return (await stateOf(topic)).inSyncReplicas.join() === '1'
    })
    await send(topic, 10, 20, 'one ')
    await waitFor('what one has', () => reader.values.length === 20)
    await broker(1).kill('SIGKILL')
    await broker(2).restart()
    await waitFor('the other to lead', async () => (await stateOf(topic)).leader === 2)
    await waitFor('the news', () => reader.truncated.length > 0)
    expect(reader.truncated).toEqual([{ topic, partition: 0, from: 20, to: 10 }])
    await send(topic, 10, 15, 'other ')
    await waitFor('what stands there now', () => reader.values.length === 25)
    expect(reader.values.slice(20)).toEqual([10, 11, 12, 13, 14].map(each => `other ${each}`))
    expect(reader.resets).toEqual([])
    await reader.close()
    await broker(1).restart()
  })

  test('tells of a frozen leader, and goes on when it is back', async () => {
    const topic = await newTopic('frozen', [2])
    const reader = new Reader({ ...servers(), 'stall.timeout.ms': 1_000 })
    await reader.begin(topic)
    await send(topic, 0, 10)
    await waitFor('the first ten', () => reader.values.length === 10)
    // A slow start may have been told of, too.
    reader.stalled.length = 0
    await broker(2).freeze()
    await waitFor('the event', () => reader.stalled.length > 0)
    expect(reader.stalled[0]).toMatchObject({ topic, partition: 0, waitsFor: 'broker' })
    broker(2).thaw()
    await send(topic, 10, 20)
    await waitFor('the others', () => reader.values.length === 20)
    await waitFor('its recovery', () => reader.consumer.metrics().stalledPartitions === 0)
    expect(reader.values).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`))
    await reader.close()
  })
})
