import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { randomBelow, seededRandom } from '../../src/base/random.ts'
import { Producer, silentLogger } from '../../src/index.ts'
import { type KafkaCluster, startKafka } from '../kafka/cluster.ts'
import { describeWithKafka } from '../support/kafka.ts'
import { freePorts } from '../support/ports.ts'
import { startToxiproxy, type Toxic, type Toxiproxy } from '../support/toxiproxy.ts'
import { Ledger, watchRetries } from './ledger.ts'

const RECORDS = Number(process.env.CHAOS_RECORDS ?? 200_000)
const SECONDS = Number(process.env.CHAOS_SECONDS ?? 40)
const BROKERS = 3

const toxics: readonly Toxic[] = [
  { type: 'latency', stream: 'downstream', attributes: { latency: 400, jitter: 300 } },
  { type: 'slicer', stream: 'upstream', attributes: { average_size: 90, size_variation: 60 } },
  { type: 'slicer', stream: 'downstream', attributes: { average_size: 7, size_variation: 5 } },
  // Half open: what goes one way arrives, what comes back never does.
  { type: 'timeout', stream: 'downstream', attributes: { timeout: 0 } },
  { type: 'timeout', stream: 'upstream', attributes: { timeout: 0 } },
  { type: 'reset_peer', stream: 'downstream', attributes: { timeout: 50 } },
  // Cuts the connection in the middle of an answer.
  { type: 'limit_data', stream: 'downstream', attributes: { bytes: 1_000 } },
  { type: 'limit_data', stream: 'upstream', attributes: { bytes: 40_000 } },
]

describeWithKafka('a producer on a bad network', () => {
  let kafka: KafkaCluster
  let network: Toxiproxy
  let bootstrapServers: string

  beforeAll(async () => {
    // The cluster talks among itself on listeners of its own; only clients go through the proxies.
    const proxies = await freePorts(BROKERS, '127.0.0.1')
    const outside = await freePorts(BROKERS, '127.0.0.1')
    kafka = await startKafka({
      brokers: BROKERS,
      config: ({ id, host, port, controllerPort }) => ({
        listeners:
          `PLAINTEXT://${host}:${port},OUTSIDE://${host}:${outside[id - 1]},` +
          `CONTROLLER://${host}:${controllerPort}`,
        'advertised.listeners':
          `PLAINTEXT://${host}:${port},OUTSIDE://${host}:${proxies[id - 1]},` +
          `CONTROLLER://${host}:${controllerPort}`,
        'listener.security.protocol.map':
          'PLAINTEXT:PLAINTEXT,OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT',
        'inter.broker.listener.name': 'PLAINTEXT',
      }),
    })
    network = await startToxiproxy()
    for (let i = 0; i < BROKERS; i++) {
      await network.proxy(`broker-${i}`, proxies[i]!, outside[i]!)
    }
    bootstrapServers = proxies.map(port => `127.0.0.1:${port}`).join(',')
  })
  afterAll(async () => {
    network?.stop()
    await kafka?.stop()
  })

  test(
    `${RECORDS} records through cuts, delays, slices and half-open connections`,
    async () => {
      const topic = 'toxic'
      const shape = ['--partitions', '12', '--replication-factor', '3']
      const created = await kafka.tool('TopicCommand', ['--create', '--topic', topic, ...shape])
      expect(created.code).toBe(0)
      const producer = new Producer({
        'bootstrap.servers': bootstrapServers,
        'request.timeout.ms': 2_000,
        'socket.connection.setup.timeout.ms': 1_500,
        // Not what is tested: a slow machine may have several troubles follow on each other.
        'delivery.timeout.ms': 300_000,
        'linger.ms': 2,
        'batch.size': 16_384,
        logger: silentLogger,
      })
      const retries = watchRetries()
      const faults = { count: 0 }
      let over = false
      const poisoning = (async () => {
        const random = seededRandom(11)
        while (!over) {
          const name = `broker-${randomBelow(random, BROKERS)}`
          faults.count++
          if (random() < 0.2) {
            await network.enable(name, false)
            await pause(800)
            await network.enable(name, true)
          } else {
            await network.poison(name, toxics[randomBelow(random, toxics.length)]!)
            await pause(600 + randomBelow(random, 2_400))
            await network.heal(name)
          }
          await pause(200)
        }
      })()
      const ledger = new Ledger(topic, RECORDS)
      await ledger.produceAll(producer, SECONDS)
      over = true
      await poisoning
      expect(await producer.flush(120_000)).toBe(0)
      await producer.close()
      retries.stop()
      process.stderr.write(`${JSON.stringify({ faults: faults.count, ...retries.counts })}\n`)
      await ledger.expectExactlyOnce(kafka.bootstrapServers)
    },
    (SECONDS * 2 + 400) * 1_000,
  )
})
