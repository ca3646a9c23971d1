import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FakeClock } from '../../../src/base/fake-clock.ts'
import { seededRandom } from '../../../src/base/random.ts'
import { EmbeddedCluster } from '../../../src/broker/index.ts'
import { Consumer, type ConsumerOptions, type KafkaError, Producer } from '../../../src/index.ts'
import { MemoryNetwork } from '../../../src/net/memory.ts'

const MINUTE = 60_000

describe.each(['classic', 'consumer'] as const)('a slow handler, protocol %s', protocol => {
  let clock: FakeClock
  let network: MemoryNetwork
  let cluster: EmbeddedCluster

  beforeEach(async () => {
    clock = new FakeClock()
    network = new MemoryNetwork(clock)
    const starting = EmbeddedCluster.start({
      clock,
      random: seededRandom(1),
      listen: network.listen,
    })
    cluster = await passing(starting)
  })
  afterEach(async () => {
    await passing(cluster.stop())
  })

  /** Lets time pass until a promise is settled: a second of this clock takes no time. */
  async function passing<T>(promise: Promise<T>): Promise<T> {
    let isOver = false
    const over = promise.finally(() => {
      isOver = true
    })
    over.catch(() => {})
    while (!isOver) await clock.advance(50)
    return over
  }

  function environment() {
    return { clock, random: seededRandom(2), dial: network.dial }
  }

  async function produce(count: number): Promise<void> {
    const settings = { 'bootstrap.servers': cluster.bootstrapServers }
    const producer = new Producer(settings, {}, environment())
    const records = Array.from({ length: count }, (_, i) => ({ topic: 'slow', value: `${i}` }))
    await passing(producer.sendBatch(records))
    await passing(producer.close())
  }

  /** A member whose handler takes so long for the first message, and what became of it. */
  async function member(handlerMs: number, maxPollIntervalMs: number) {
    const options: ConsumerOptions = {
      'bootstrap.servers': cluster.bootstrapServers,
      'group.id': 'slow',
      'group.protocol': protocol,
      'auto.offset.reset': 'earliest',
      'max.poll.interval.ms': maxPollIntervalMs,
    }
    const consumer = new Consumer(options, {}, environment())
    const happened: string[] = []
    const values: string[] = []
    consumer.on('assigned', () => happened.push('assigned'))
    consumer.on('revoked', () => happened.push('revoked'))
    consumer.on('lost', () => happened.push('lost'))
    consumer.on('error', error => happened.push((error as KafkaError).code))
    await passing(consumer.subscribe(['slow']))
    const loop = (async () => {
      for await (const message of consumer) {
        const ms = values.length === 0 ? handlerMs : 0
        values.push(String(message.value))
        if (ms > 0) await new Promise<void>(resolve => clock.after(ms, resolve))
      }
    })()
    return { consumer, happened, values, loop }
  }

  test('of ten minutes costs nothing within max.poll.interval.ms', async () => {
    await produce(3)
    const { consumer, happened, values, loop } = await member(10 * MINUTE, 15 * MINUTE)
    const { memberId, generationId } = consumer.groupMetadata()
    await clock.advance(11 * MINUTE)
    expect(happened).toEqual(['assigned'])
    expect(values).toEqual(['0', '1', '2'])
    expect(consumer.groupMetadata()).toMatchObject({ memberId, generationId })
    await passing(consumer.close())
    await loop
  })

  test('of ten minutes past max.poll.interval.ms is told, gives way, and comes back', async () => {
    await produce(3)
    const { consumer, happened, values, loop } = await member(10 * MINUTE, 5 * MINUTE)
    await clock.advance(4.9 * MINUTE)
    expect(happened).toEqual(['assigned'])
    await clock.advance(MINUTE)
    expect(happened).toEqual(['assigned', 'MAX_POLL_INTERVAL_EXCEEDED', 'lost'])
    await clock.advance(6 * MINUTE)
    expect(happened.slice(3)).toEqual(['assigned'])
    expect(values).toEqual(['0', '0', '1', '2'])
    await passing(consumer.close())
    await loop
  })
})
