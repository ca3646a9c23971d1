import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { randomBelow, seededRandom } from '../../src/base/random.ts'
import { Producer, silentLogger } from '../../src/index.ts'
import { OffsetFetch } from '../../src/protocol/messages/index.ts'
import { endBroker, startBroker } from '../broker/process.ts'
import { RawClient } from '../broker/raw-client.ts'
import { createTopic } from '../contract/consuming.ts'
import { readBack, type StoredRecord } from '../contract/read-back.ts'
import { freePorts } from '../support/ports.ts'
import { waitFor } from '../support/wait.ts'
import { Copier } from './copier.ts'

const ROUNDS = Number(process.env.CHAOS_KILLS ?? 6)
const PARTITIONS = 4
const RECORDS_A_TICK = 20
const TICK_MS = 5
/** However long the broker is away, there is no more than this to catch up with. */
const MOST_UNANSWERED = 2_000

/** Numbered records without an end, some always under way, and what was told of each. */
class Load {
  readonly reports = new Map<number, { readonly partition: number; readonly offset: number }>()
  readonly failures: string[] = []
  sent = 0
  #isOver = false

  async run(producer: Producer, topic: string): Promise<void> {
    while (!this.#isOver) {
      const isBehind = this.sent - this.reports.size - this.failures.length >= MOST_UNANSWERED
      const count = isBehind ? 0 : RECORDS_A_TICK
      for (let i = 0; i < count; i++) this.#produce(producer, topic, this.sent++)
      await pause(TICK_MS)
    }
    await producer.flush()
  }

  end(): void {
    this.#isOver = true
  }

  #produce(producer: Producer, topic: string, number: number): void {
    producer.produce({ topic, key: `${number}`, value: `${number}` }, (error, report) => {
      if (error) this.failures.push(`${number}: ${error.code} ${error.message}`)
      else this.reports.set(number, { partition: report!.partition, offset: report!.offset })
    })
  }
}

/** `posthaste broker --data` is killed (kill -9) under a producer and a transactional copier. */
test.each([
  ['the system has', false],
  ['the disk has', true],
])(
  'what was acknowledged, and %s, survives kill -9',
  { timeout: 120_000 + ROUNDS * 30_000 },
  async (_, fsync) => {
    const data = await mkdtemp(join(tmpdir(), 'posthaste-kill-'))
    const random = seededRandom(fsync ? 11 : 12)
    const [port = 0] = await freePorts(1)
    const servers = `127.0.0.1:${port}`
    const more = ['--default-partitions', String(PARTITIONS), ...(fsync ? ['--fsync'] : [])]
    let broker = await startBroker(port, data, more)
    // The copier may be slow to write its first record.
    await createTopic(servers, 'out', PARTITIONS)
    const settings = { 'bootstrap.servers': servers, 'linger.ms': 1, logger: silentLogger }
    const producer = new Producer(settings)
    const load = new Load()
    const copier = new Copier([servers, 'in', 'out', 'copiers', 'copier'])
    const running = [load.run(producer, 'in'), copier.run()]
    try {
      await copier.ready()
      for (let round = 0; round < ROUNDS; round++) {
        const target = load.reports.size + 200 + randomBelow(random, 2_000)
        await waitFor('acknowledgements', () => load.reports.size >= target, { everyMs: 1 })
        await endBroker(broker)
        broker = await startBroker(port, data, more)
      }
      load.end()
      await running[0]
      const copied = async () => (await readBack(servers, 'out')).length >= load.sent
      await waitFor('all to be copied', copied, { limitMs: 90_000, everyMs: 1_000 }).catch(
        error => {
          throw new Error(`the copier said ${copier.lastWords}`, { cause: error })
        },
      )
      // What nobody asks for any more must be there for whoever comes after one more kill.
      copier.end()
      await endBroker(broker)
      broker = await startBroker(port, data, more)
      expect(load.failures).toEqual([])
      judge(load, await readBack(servers, 'in'), await readBack(servers, 'out'))
      expect(await committed(port)).toEqual(nextOffsets(load))
    } finally {
      load.end()
      copier.end()
      await producer.close({ timeout: 0 })
      await Promise.all(running)
      await endBroker(broker)
      await rm(data, { recursive: true })
    }
  },
)

function judge({ reports, sent }: Load, source: StoredRecord[], target: StoredRecord[]): void {
  expect(reports.size).toBe(sent)
  expect(source).toHaveLength(sent)
  const misplaced = source.filter(({ partition, offset, value }) => {
    const report = reports.get(Number(value))
    return report?.partition !== partition || report.offset !== offset
  })
  expect(misplaced).toEqual([])
  const copies = target.map(({ value }) => Number(value)).sort((a, b) => a - b)
  expect(copies).toEqual(Array.from({ length: sent }, (_, i) => 2 * i))
}

/** By partition, the offset behind the last record that was acknowledged. */
function nextOffsets({ reports }: Load): number[] {
  const next = new Array<number>(PARTITIONS).fill(0)
  for (const { partition, offset } of reports.values()) {
    next[partition] = Math.max(next[partition]!, offset + 1)
  }
  return next
}

async function committed(port: number): Promise<number[]> {
  using client = await RawClient.open({ host: '127.0.0.1', port })
  const ask = { groups: [{ groupId: 'copiers', topics: null }], requireStable: true }
  const offsets = new Array<number>(PARTITIONS).fill(-1)
  // The broker just started may still be at completing what was decided before.
  await waitFor('offsets that are stable', async () => {
    const [group] = (await client.call(OffsetFetch, 8, ask)).groups
    const partitions = group!.topics[0]?.partitions ?? []
    for (const { partitionIndex, committedOffset } of partitions) {
      offsets[partitionIndex] = committedOffset
    }
    return group!.errorCode === 0 && partitions.every(({ errorCode }) => errorCode === 0)
  })
  return offsets
}
