import { expect, test } from 'vitest'
import { listen, Producer, silentLogger } from '../../../src/index.ts'
import { type Address, type Dial, formatAddress } from '../../../src/net/transport.ts'
import { virtualCluster } from '../../support/virtual-cluster.ts'

/**
 * Three brokers, of which the one that leads `t` can refuse connections while the others, whom one
 * can ask, go on to name it as the leader.
 */
async function setUp() {
  const { clock, network, cluster, environment, passing } = await virtualCluster({ brokers: 3 })
  await passing(cluster.createTopic('t', { partitions: 1, replicationFactor: 3 }))
  cluster.moveLeader('t', 0, 2)
  const leader = cluster.brokers[1]!.address
  const door: { refused: Address | undefined } = { refused: undefined }
  const dial: Dial = (address, signal) =>
    door.refused && formatAddress(address) === formatAddress(door.refused)
      ? Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }))
      : network.dial(address, signal)
  const producer = new Producer(
    { 'bootstrap.servers': cluster.bootstrapServers, logger: silentLogger },
    {},
    { ...environment, dial },
  )
  const refuse = () => {
    door.refused = leader
    network.sever(formatAddress(leader))
  }
  const accept = () => {
    door.refused = undefined
  }
  return { clock, cluster, producer, passing, refuse, accept }
}

test('while a leader is out of reach, metadata is asked for now and then, not in a loop', async () => {
  const { clock, cluster, producer, passing, refuse, accept } = await setUp()
  await passing(producer.send({ topic: 't', value: 'before' }))
  let asked = 0
  const stop = listen('broker:answered', ({ api }) => {
    if (api === 'Metadata') asked++
  })
  refuse()
  const waiting = producer.send({ topic: 't', value: 'while away' })
  await clock.advance(10_000)
  stop()
  // It may have been replaced: whoever leads then must be found within about a second.
  expect(asked).toBeGreaterThanOrEqual(8)
  expect(asked).toBeLessThan(20)
  accept()
  await expect(passing(waiting)).resolves.toMatchObject({ offset: 1 })
  await passing(producer.close())
  await passing(cluster.stop())
})

test('a leader that took over from one out of reach is found within about a second', async () => {
  const { clock, cluster, producer, passing, refuse } = await setUp()
  await passing(producer.send({ topic: 't', value: 'before' }))
  refuse()
  const waiting = producer.send({ topic: 't', value: 'while away' })
  await clock.advance(10_000)
  cluster.moveLeader('t', 0, 3)
  const from = clock.now()
  await expect(passing(waiting)).resolves.toMatchObject({ offset: 1 })
  expect(clock.now() - from).toBeLessThan(1_500)
  await passing(producer.close())
  await passing(cluster.stop())
})
