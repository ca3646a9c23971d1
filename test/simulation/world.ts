import { sleep } from '../../src/base/clock.ts'
import { FakeClock } from '../../src/base/fake-clock.ts'
import { type Random, randomBelow, seededRandom } from '../../src/base/random.ts'
import { type ClusterOptions, EmbeddedCluster } from '../../src/broker/index.ts'
import { Producer, type ProducerOptions, silentLogger } from '../../src/index.ts'
import { MemoryNetwork } from '../../src/net/memory.ts'
import { formatAddress } from '../../src/net/transport.ts'

export const BROKERS = 3

/** A cluster and its clients in one process, on one clock, with one source of chance. */
export interface World {
  readonly clock: FakeClock
  readonly random: Random
  readonly network: MemoryNetwork
  readonly cluster: EmbeddedCluster
  /** While true, messages are late and connections break. */
  storm: boolean
  producer(options?: ProducerOptions): Producer
  /** Waits in the world's time, which somebody else must move. */
  pause(ms: number): Promise<void>
}

/** How often a write loses its connection while the storm lasts. */
const LOSS = 0.01

export async function makeWorld(
  seed: number,
  partitions: number,
  options: ClusterOptions = {},
): Promise<World> {
  const clock = new FakeClock()
  const random = seededRandom(seed)
  const world = { clock, random, storm: true }
  const network = new MemoryNetwork(clock, {
    delayMs() {
      if (!world.storm) return 1
      return random() < LOSS ? undefined : randomBelow(random, 15)
    },
  })
  const cluster = await EmbeddedCluster.start({
    brokers: BROKERS,
    defaultPartitions: partitions,
    clock,
    random,
    listen: network.listen,
    logger: silentLogger,
    ...options,
  })
  const environment = { clock, random, dial: network.dial }
  const bootstrap = { 'bootstrap.servers': cluster.bootstrapServers, logger: silentLogger }
  return Object.assign(world, {
    network,
    cluster,
    producer: (options: ProducerOptions = {}) =>
      new Producer({ ...bootstrap, ...options }, {}, environment),
    pause: (ms: number) => sleep(clock, ms),
  })
}

/** One thing that goes wrong, or comes right again. */
export async function disturb(world: World, topic: string, partitions: number): Promise<string> {
  const { random, cluster, network } = world
  const broker = cluster.brokers[randomBelow(random, BROKERS)]!
  const pick = randomBelow(random, 8)
  switch (pick) {
    case 0:
    case 1: {
      network.sever(formatAddress(broker.address))
      return `connections to ${broker.id} cut`
    }
    case 2: {
      broker.freeze()
      world.clock.after(randomBelow(random, 1_500), () => broker.thaw())
      return `broker ${broker.id} frozen`
    }
    case 3: {
      if (cluster.brokers.filter(each => each.isRunning).length < 2) return 'nothing'
      await broker.stop()
      world.clock.after(randomBelow(random, 1_500), () => void broker.start())
      return `broker ${broker.id} stopped`
    }
    case 4:
      cluster.drop('Produce', { times: 1 })
      return 'a Produce request lost'
    case 5:
      cluster.fail('Produce', 'NOT_ENOUGH_REPLICAS', { times: 1 + randomBelow(random, 3) })
      return 'replicas missing'
    case 6:
      cluster.delay('Produce', randomBelow(random, 900), { times: 1 })
      return 'a Produce request late'
    default: {
      const partition = randomBelow(random, partitions)
      const running = cluster.brokers.filter(each => each.isRunning)
      const next = running[randomBelow(random, running.length)]
      if (!next || cluster.leader(topic, partition) === -1) return 'nothing'
      cluster.moveLeader(topic, partition, next.id)
      return `partition ${partition} moved to ${next.id}`
    }
  }
}

const TRANSACTION_APIS = [
  'InitProducerId',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'TxnOffsetCommit',
  'EndTxn',
] as const

/** One thing that goes wrong with transactions. */
export function disturbTransactions({ random, cluster }: World): string {
  const times = 1 + randomBelow(random, 2)
  const api = TRANSACTION_APIS[randomBelow(random, TRANSACTION_APIS.length)]!
  switch (randomBelow(random, 8)) {
    case 0:
      cluster.drop(api, { times })
      return `${api} lost`
    case 1:
      cluster.disconnect(api, { times })
      return `connections of ${api} broken`
    case 2:
      cluster.delay(api, randomBelow(random, 900), { times })
      return `${api} late`
    case 3:
      cluster.fail(api, 'COORDINATOR_LOAD_IN_PROGRESS', { times })
      return `${api} while the coordinator loads`
    case 4:
      cluster.fail(api, 'NOT_COORDINATOR', { times })
      return `${api} at the wrong broker`
    case 5:
    case 6:
      cluster.delay('WriteTxnMarkers', randomBelow(random, 1_500), { times })
      return 'markers late'
    default:
      cluster.fail('WriteTxnMarkers', 'NOT_LEADER_OR_FOLLOWER', { times })
      return 'markers sent again'
  }
}
