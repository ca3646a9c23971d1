import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { randomBelow, seededRandom } from '../../src/base/random.ts'
import { type EventOf, listen, Producer, silentLogger } from '../../src/index.ts'
import { readBack } from '../contract/read-back.ts'
import { type KafkaCluster, startKafka } from '../kafka/cluster.ts'
import { describeWithKafka } from '../support/kafka.ts'

const RECORDS = Number(process.env.CHAOS_RECORDS ?? 500_000)
const SECONDS = Number(process.env.CHAOS_SECONDS ?? 60)
const PARTITIONS = 12
const KEYS = 997
const REQUEST_TIMEOUT_MS = 3_000

interface Report {
  readonly partition: number
  readonly offset: number
}

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
    const config = { 'default.replication.factor': '3', 'min.insync.replicas': '2' }
    kafka = await startKafka({ brokers: 3, config })
  })
  afterAll(() => kafka?.stop())

  test(
    `${RECORDS} records: each acknowledged one is there once, where its report says`,
    async () => {
      const topic = 'chaos'
      const created = await kafka.tool('TopicCommand', [
        '--create',
        '--topic',
        topic,
        ...['--partitions', String(PARTITIONS), '--replication-factor', '3'],
      ])
      expect(created.code).toBe(0)
      const producer = new Producer({
        'bootstrap.servers': kafka.bootstrapServers,
        'request.timeout.ms': REQUEST_TIMEOUT_MS,
        'delivery.timeout.ms': 120_000,
        'linger.ms': 2,
        'batch.size': 16_384,
        logger: silentLogger,
      })
      const seen = watchRetries()
      const breaker = new Breaker(kafka)
      const breaking = breaker.run()

      const reports: (Report | undefined)[] = new Array(RECORDS)
      const told = new Uint8Array(RECORDS)
      const failures: string[] = []
      const perTick = Math.ceil(RECORDS / (SECONDS * 50))
      for (let i = 0; i < RECORDS; ) {
        for (const end = Math.min(i + perTick, RECORDS); i < end; i++) {
          const at = i
          const room = producer.produce(
            { topic, key: `k${i % KEYS}`, value: `${i}` },
            (error, report) => {
              told[at]!++
              if (error) failures.push(`${error.code} ${error.message}`)
              else reports[at] = { partition: report!.partition, offset: report!.offset }
            },
          )
          if (!room) await producer.drain()
        }
        await pause(20)
      }
      breaker.end()
      await breaking
      expect(await producer.flush(120_000)).toBe(0)
      await producer.send({ topic, key: 'after', value: 'works on' })
      await producer.close()
      seen.stop()
      process.stderr.write(`${JSON.stringify({ ...breaker.counts, ...seen.counts })}\n`)

      expect(failures).toEqual([])
      expect(told.every(times => times === 1)).toBe(true)
      await expectExactlyOnce(kafka.bootstrapServers, topic, reports)
    },
    (SECONDS * 2 + 400) * 1_000,
  )
})

function watchRetries() {
  const counts = { batches: 0, resentBatches: 0, connectionsLost: 0 }
  const stops = [
    listen('batch:settled', (event: EventOf<'batch:settled'>) => {
      counts.batches++
      if (event.sends > 1) counts.resentBatches++
    }),
    listen('connection:moved', ({ from, to }) => {
      if (from === 'ready' && to === 'closed') counts.connectionsLost++
    }),
  ]
  return { counts, stop: () => stops.forEach(stop => void stop()) }
}

async function expectExactlyOnce(
  bootstrapServers: string,
  topic: string,
  reports: readonly (Report | undefined)[],
): Promise<void> {
  const stored = (await readBack(bootstrapServers, topic)).filter(({ key }) => key !== 'after')
  const times = new Uint8Array(reports.length)
  const wrongPlaces: string[] = []
  const disordered: string[] = []
  const last = new Map<string, number>()
  for (const { partition, offset, key, value } of stored) {
    const number = Number(value)
    times[number]!++
    const report = reports[number]
    if (report?.partition !== partition || report.offset !== offset) {
      wrongPlaces.push(`${value} lies at ${partition}/${offset}`)
    }
    const name = `${partition}/${key}`
    if (number <= (last.get(name) ?? -1)) disordered.push(`${value} in ${name}`)
    last.set(name, number)
  }
  expect(times.findIndex(count => count !== 1)).toBe(-1)
  expect(wrongPlaces).toEqual([])
  expect(disordered).toEqual([])
}
