import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Consumer, type ConsumerOptions, type KafkaError, Producer } from '../../../src/index.ts'
import { virtualCluster } from '../../support/virtual-cluster.ts'

const MINUTE = 60_000

describe.each(['classic', 'consumer'] as const)('a slow handler, protocol %s', protocol => {
  let world: Awaited<ReturnType<typeof virtualCluster>>

  beforeEach(async () => {
    world = await virtualCluster()
  })
  afterEach(async () => {
    await world.passing(world.cluster.stop())
  })

  async function produce(count: number): Promise<void> {
    const { cluster, environment, passing } = world
    const settings = { 'bootstrap.servers': cluster.bootstrapServers }
    const producer = new Producer(settings, {}, environment)
    const records = Array.from({ length: count }, (_, i) => ({ topic: 'slow', value: `${i}` }))
    await passing(producer.sendBatch(records))
    await passing(producer.close())
  }

  /** A member whose handler takes so long for the first message, and what became of it. */
  async function member(handlerMs: number, maxPollIntervalMs: number) {
    const { clock, cluster, environment, passing } = world
    const options: ConsumerOptions = {
      'bootstrap.servers': cluster.bootstrapServers,
      'group.id': 'slow',
      'group.protocol': protocol,
      'auto.offset.reset': 'earliest',
      'max.poll.interval.ms': maxPollIntervalMs,
    }
    const consumer = new Consumer(options, {}, environment)
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
    const { clock, passing } = world
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
    const { clock, passing } = world
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
