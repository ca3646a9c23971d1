import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { randomBelow, seededRandom } from '../../src/base/random.ts'
import { Producer, silentLogger } from '../../src/index.ts'
import { type KafkaCluster, startKafka } from '../kafka/cluster.ts'
import { describeWithKafka } from '../support/kafka.ts'
import { Ledger, watchRetries } from './ledger.ts'

const RECORDS = Number(process.env.CHAOS_RECORDS ?? 500_000)
const SECONDS = Number(process.env.CHAOS_SECONDS ?? 60)
const PARTITIONS = 12
const REQUEST_TIMEOUT_MS = 3_000

/** Kills, freezes and restarts one broker after the other, never two at a time. */
class Breaker {
  readonly counts = { killed: 0, frozen: 0, stopped: 0 }
  readonly #kafka: KafkaCluster
  readonly #random = seededRandom(7)
  #over = false

  constructor(kafka: KafkaCluster) {
    this.#kafka = kafka
  }

  async run(): Promise<void> {
    while (!this.#over) {
      const { brokers } = this.#kafka
      const broker = brokers[randomBelow(this.#random, brokers.length)]!
      switch (randomBelow(this.#random, 3)) {
        case 0:
          this.counts.killed++
          await broker.kill('SIGKILL')
          await pause(500)
          await broker.restart()
          break
        case 1:
          this.counts.frozen++
          await broker.freeze()
          await pause(REQUEST_TIMEOUT_MS + 2_000)
          broker.thaw()
          break
        default:
          // An orderly stop hands every leader over before it ends.
          this.counts.stopped++
          await broker.restart()
      }
      await pause(1_500)
    }
  }

  end(): void {
    this.#over = true
  }
}

describeWithKafka('a producer while brokers die', () => {
  let kafka: KafkaCluster
  beforeAll(async () => {
    kafka = await startKafka({ brokers: 3 })
  })
  afterAll(() => kafka?.stop())

  test(
    `${RECORDS} records: each acknowledged one is there once, where its report says`,
    async () => {
      const topic = 'chaos'
      const shape = ['--partitions', String(PARTITIONS), '--replication-factor', '3']
      const created = await kafka.tool('TopicCommand', ['--create', '--topic', topic, ...shape])
      expect(created.code).toBe(0)
      const producer = new Producer({
        'bootstrap.servers': kafka.bootstrapServers,
        'request.timeout.ms': REQUEST_TIMEOUT_MS,
        // Not what is tested: a slow machine may have several troubles follow on each other.
        'delivery.timeout.ms': 300_000,
        'linger.ms': 2,
        'batch.size': 16_384,
        logger: silentLogger,
      })
      const retries = watchRetries()
      const breaker = new Breaker(kafka)
      const breaking = breaker.run()
      const ledger = new Ledger(topic, RECORDS)
      await ledger.produceAll(producer, SECONDS)
      breaker.end()
      await breaking
      expect(await producer.flush(120_000)).toBe(0)
      await producer.send({ topic: 'after', value: 'works on' })
      await producer.close()
      retries.stop()
      process.stderr.write(`${JSON.stringify({ ...breaker.counts, ...retries.counts })}\n`)
      await ledger.expectExactlyOnce(kafka.bootstrapServers)
    },
    (SECONDS * 2 + 400) * 1_000,
  )
})
