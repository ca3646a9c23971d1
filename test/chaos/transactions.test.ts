import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { randomBelow, seededRandom } from '../../src/base/random.ts'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { Producer, silentLogger } from '../../src/index.ts'
import { readBack } from '../contract/read-back.ts'
import { TransactionClient } from '../contract/transaction-client.ts'
import { firstLine } from '../support/first-line.ts'

const TOPIC = 'chaos-topic'
const ROUNDS = 6
const PARTITIONS = 4

/** What became of one transaction, as far as its program was told before the broker was gone. */
interface Fate {
  readonly name: string
  readonly records: number
  outcome: 'committed' | 'aborted' | 'unknown'
}

/** The broker is killed (kill -9) amid transactions, again and again, on one data folder. */
test.each([2, 1] as const)(
  'transactions are whole after kill -9 of an embedded broker (transaction.version %i)',
  { timeout: 180_000 },
  async transactionVersion => {
    const dataDir = await mkdtemp(join(tmpdir(), 'posthaste-chaos-'))
    const fates: Fate[] = []
    let offset = -1
    const first = await EmbeddedCluster.start({ dataDir, logger: silentLogger })
    await first.createTopic(TOPIC, { partitions: PARTITIONS })
    await first.stop()
    for (let round = 0; round < ROUNDS; round++) {
      const broker = startBroker(dataDir, transactionVersion)
      const bootstrapServers = await firstLine(broker)
      // One for each round: how far the last transaction of a round comes is not up to the dice.
      const random = seededRandom(ROUNDS * transactionVersion + round)
      offset = await writeUntilKilled(bootstrapServers, broker, { round, random, fates, offset })
    }
    const last = await EmbeddedCluster.start({ dataDir, transactionVersion })
    using client = new TransactionClient(last.bootstrapServers, 'chaos')
    // What the last program left open is aborted by whoever comes next.
    expect((await client.identity()).producerEpoch).toBeGreaterThan(0)
    judge(fates, await readBack(last.bootstrapServers, TOPIC))
    expect(await client.committed(true)).toBeGreaterThanOrEqual(offset)
    await last.stop()
    await rm(dataDir, { recursive: true })
  },
)

function startBroker(dataDir: string, transactionVersion: number): ChildProcess {
  const script = join(import.meta.dirname, '..', 'broker', 'serve.ts')
  const args = ['--import', 'tsx', script, dataDir, String(transactionVersion)]
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
}

interface Round {
  readonly round: number
  readonly random: () => number
  readonly fates: Fate[]
  /** The last offset that was committed for sure. */
  readonly offset: number
}

/** Runs transactions until the broker dies; gives the last offset that was committed for sure. */
async function writeUntilKilled(
  bootstrapServers: string,
  broker: ChildProcess,
  { round, random, fates, offset }: Round,
): Promise<number> {
  const producer = new Producer({
    'bootstrap.servers': bootstrapServers,
    'transactional.id': 'chaos',
    logger: silentLogger,
  })
  // Ends what waits for a broker that has gone, so that no time limit has to, which a broker that
  // is only slow would meet, too.
  const closed = once(broker, 'exit').then(() => producer.close({ timeout: 0 }))
  const killAt = 10 + randomBelow(random, 20)
  let last = offset
  try {
    await producer.initTransactions()
    for (let i = 0; ; i++) {
      const fate: Fate = {
        name: `${round}.${i}`,
        records: 1 + randomBelow(random, 20),
        outcome: 'unknown',
      }
      fates.push(fate)
      if (i === killAt) setImmediate(() => broker.kill('SIGKILL'))
      await transact(producer, fate, random, fates.length)
      if (fate.outcome === 'committed') last = fates.length
    }
  } catch (error) {
    if (!broker.killed) throw error
  }
  await closed
  return last
}

async function transact(
  producer: Producer,
  fate: Fate,
  random: () => number,
  offset: number,
): Promise<void> {
  producer.beginTransaction()
  for (let k = 0; k < fate.records; k++) {
    producer.produce({ topic: TOPIC, key: `${k}`, value: `${fate.name}:${k}` }, () => {})
  }
  const group = { groupId: 'chaos-group', generationId: -1, memberId: '', groupInstanceId: null }
  await producer.sendOffsetsToTransaction([{ topic: TOPIC, partition: 0, offset }], group)
  if (random() < 0.7) {
    await producer.commitTransaction()
    fate.outcome = 'committed'
  } else {
    await producer.abortTransaction()
    fate.outcome = 'aborted'
  }
}

function judge(fates: readonly Fate[], stored: readonly { readonly value: string | null }[]): void {
  const values = stored.map(({ value }) => value)
  expect(new Set(values).size).toBe(values.length)
  const seen = new Set(values)
  const count = { committed: 0, aborted: 0, unknown: 0 }
  for (const { name, records, outcome } of fates) {
    count[outcome]++
    const found = Array.from({ length: records }, (_, k) => seen.has(`${name}:${k}`))
    const isWhole = found.every(Boolean)
    const isAbsent = !found.some(Boolean)
    if (outcome === 'committed') expect([name, isWhole]).toEqual([name, true])
    if (outcome === 'aborted') expect([name, isAbsent]).toEqual([name, true])
    if (outcome === 'unknown') expect([name, isWhole || isAbsent]).toEqual([name, true])
  }
  expect(count.committed).toBeGreaterThan(ROUNDS * 3)
  expect(count.aborted).toBeGreaterThan(ROUNDS)
}
