import { expect, test } from 'vitest'
import { Consumer, listen, Producer, silentLogger } from '../../../src/index.ts'
import { virtualCluster } from '../../support/virtual-cluster.ts'

/**
 * To join again would make all members of the group rebalance, whenever a broker is restarted; the
 * coordinator knows its members when it is back.
 */
test.each([
  ['classic', 'Heartbeat'],
  ['consumer', 'ConsumerGroupHeartbeat'],
] as const)(
  'a member stays one while its coordinator is out of reach: %s',
  async (protocol, heartbeat) => {
    const logger = silentLogger
    const { clock, cluster, environment, passing } = await virtualCluster()
    await passing(cluster.createTopic('orders', { partitions: 2 }))
    const consumer = new Consumer(
      {
        'bootstrap.servers': cluster.bootstrapServers,
        'group.id': 'away',
        'group.protocol': protocol,
        logger,
      },
      {},
      environment,
    )
    const happened: string[] = []
    for (const name of ['assigned', 'revoked', 'lost'] as const) {
      consumer.on(name, slots => happened.push(`${name} ${slots.length}`))
    }
    await passing(consumer.subscribe(['orders']))
    const values: string[] = []
    const loop = (async () => {
      for await (const { value } of consumer) values.push(String(value))
    })()
    await clock.advance(10_000)
    const before = consumer.groupMetadata()
    expect(before.generationId).toBeGreaterThan(0)

    cluster.fail(heartbeat, 'COORDINATOR_NOT_AVAILABLE', { times: 3 })
    cluster.fail(heartbeat, 'NOT_COORDINATOR')
    cluster.disconnect(heartbeat, { times: 2 })
    await clock.advance(40_000)
    expect(cluster.pendingFaults).toBe(0)
    await passing(cluster.brokers[0]!.stop())
    await clock.advance(20_000)
    await passing(cluster.brokers[0]!.start())
    let asked = 0
    const stop = listen('broker:answered', ({ api }) => {
      if (api === 'Metadata') asked++
    })
    await clock.advance(20_000)
    stop()
    // Its links rest between tries; metadata need not be asked for all that while.
    expect(asked).toBeLessThan(20)
    expect(consumer.groupMetadata()).toEqual(before)
    expect(happened).toEqual(['assigned 2'])
    const settings = { 'bootstrap.servers': cluster.bootstrapServers, logger }
    const producer = new Producer(settings, {}, environment)
    await passing(producer.send({ topic: 'orders', value: 'after' }))
    await clock.advance(1_000)
    expect(values).toEqual(['after'])
    await passing(Promise.all([producer.close(), consumer.close(), loop]))
    await passing(cluster.stop())
  },
)
