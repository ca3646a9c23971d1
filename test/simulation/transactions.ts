import { randomBelow } from '../../src/base/random.ts'
import { FencedError, KafkaError, type Producer } from '../../src/index.ts'
import { judgeTransactions } from './judge-transactions.ts'
import { disturb, disturbTransactions, makeWorld, type World } from './world.ts'

export const TOPIC = 't'
export const GROUP = 'g'
const STORM_MS = 5_000
/** By then a program that is still stuck is stuck for good. */
const PATIENCE_MS = 120_000
const LONGEST_MS = 30_000
/** What the storm has left behind may still fail a transaction or two. */
const CALM_TRIES = 5
const TRANSACTIONAL_ID = 'sim'

/** What became of one transaction, as far as its program was told. */
export interface Fate {
  readonly number: number
  readonly records: number
  /** The offset that it committed for the group, in partition 0; undefined for none. */
  readonly offset: number | undefined
  /** Unknown where the program was never told. */
  outcome: 'committed' | 'aborted' | 'unknown'
}

/** What a program and its successors share. */
interface Life {
  readonly world: World
  readonly fates: Fate[]
  readonly broken: string[]
  readonly log: string[]
  storming: boolean
  /** In the first protocol nobody can tell a timeout from being taken over, so all would end. */
  readonly mayTimeOut: boolean
  /** Programs that have committed something when all was well again. */
  survivors: number
}

/**
 * Programs that write transaction after transaction while everything goes wrong, all from one seed:
 * one dies and the next takes over, or a zombie of it goes on. Gives the promises that were broken.
 */
export async function simulateTransactions(seed: number): Promise<string[]> {
  const partitions = 1 + (seed % 4)
  const transactionVersion = seed % 3 === 0 ? 1 : 2
  const world = await makeWorld(seed, partitions, { transactionVersion })
  await world.cluster.createTopic(TOPIC, { partitions })
  const mayTimeOut = transactionVersion === 2
  const life: Life = {
    world,
    fates: [],
    broken: [],
    log: [],
    storming: true,
    mayTimeOut,
    survivors: 0,
  }
  const programs = [live(life, 0)]
  const { clock, random } = world
  for (const end = clock.now() + STORM_MS; clock.now() < end; ) {
    if (random() < 0.1) life.log.push(await disturb(world, TOPIC, partitions))
    if (random() < 0.15) life.log.push(disturbTransactions(world))
    if (programs.length < 3 && random() < 0.01) {
      life.log.push('another program takes over')
      programs.push(live(life, programs.length))
    }
    await clock.advance(randomBelow(random, 60))
  }
  world.storm = false
  life.storming = false
  world.cluster.clearFaults()
  await finished(life, programs)
  // A zombie that asks to go on shuts out who has taken over (in Kafka too): then all have ended.
  if (life.survivors === 0) await finished(life, [live(life, programs.length)])
  if (life.survivors === 0) life.broken.push('nobody has survived')
  // Whoever died has left its transaction open: the coordinator ends it.
  await clock.advance(LONGEST_MS + 1_000)
  const broken = [...life.broken, ...(await judgeTransactions(world, partitions, life.fates))]
  await world.cluster.stop()
  return broken.length > 0 ? [...broken, `the storm: ${life.log.join(', ')}`] : []
}

async function finished(
  { world: { clock }, broken }: Life,
  programs: readonly Promise<void>[],
): Promise<void> {
  let running = programs.length
  for (const program of programs) void program.finally(() => running--)
  for (const end = clock.now() + PATIENCE_MS; running > 0 && clock.now() < end; ) {
    await clock.advance(500)
  }
  if (running > 0) broken.push(`${running} programs are stuck`)
}

/**
 * One program: transactions until the storm is over, then one more, which must be committed. A
 * producer that has died is replaced, as a supervisor would; whoever was taken over has ended.
 */
async function live(life: Life, place: number): Promise<void> {
  for (let calm = 0; calm < CALM_TRIES; calm += life.storming ? 0 : 1) {
    const producer = makeProducer(life)
    const ended = await work(life, producer).catch((error: Error) => {
      life.broken.push(`program ${place}: ${error.stack}`)
      return 'fenced' as const
    })
    await producer.close({ timeout: 0 })
    if (ended === 'done') life.survivors++
    if (ended !== 'fatal') return
  }
  life.broken.push(`program ${place} does not get well`)
}

function makeProducer({ world, mayTimeOut }: Life): Producer {
  const { random } = world
  return world.producer({
    'transactional.id': TRANSACTIONAL_ID,
    'transaction.timeout.ms': mayTimeOut && random() < 0.3 ? 1_500 : LONGEST_MS,
    'batch.size': 256 + randomBelow(random, 1_000),
    'max.in.flight.requests.per.connection': 1 + randomBelow(random, 5),
    'request.timeout.ms': 600,
    'delivery.timeout.ms': 1_500 + randomBelow(random, 10_000),
    'max.block.ms': 2_000 + randomBelow(random, 8_000),
    'retry.backoff.ms': 20,
    'reconnect.backoff.max.ms': 200,
  })
}

async function work(life: Life, producer: Producer): Promise<Ended> {
  for (;;) {
    const outcome = await patiently(() => producer.initTransactions())
    if (outcome === 'done') break
    if (outcome !== 'abortable') return outcome
  }
  for (let calm = 0; calm < CALM_TRIES; ) {
    const isCalm = !life.storming
    if (isCalm) calm++
    const fate = newFate(life)
    const outcome = await transact(life.world, producer, fate, isCalm)
    if (outcome === 'fenced' || outcome === 'fatal') return outcome
    if (isCalm && fate.outcome === 'committed') return 'done'
  }
  life.broken.push('a producer can commit nothing any more')
  return 'done'
}

/** What a program has come to: done, taken over, or in need of another producer. */
type Ended = 'done' | 'fenced' | 'fatal'
type Outcome = 'done' | 'abortable' | 'fatal' | 'fenced'

/** Makes a call again for as long as its error says so. */
async function patiently(call: () => Promise<void>): Promise<Outcome> {
  for (;;) {
    try {
      await call()
      return 'done'
    } catch (error) {
      if (error instanceof FencedError) return 'fenced'
      if (!(error instanceof KafkaError)) throw error
      if (error.fatal) return 'fatal'
      if (!error.retriable) return 'abortable'
    }
  }
}

function newFate({ world: { random }, fates }: Life): Fate {
  const number = fates.length
  const offset = random() < 0.4 ? number : undefined
  const fate: Fate = { number, records: 1 + randomBelow(random, 12), offset, outcome: 'unknown' }
  fates.push(fate)
  return fate
}

async function transact(
  world: World,
  producer: Producer,
  fate: Fate,
  mustCommit: boolean,
): Promise<Outcome> {
  producer.beginTransaction()
  const wishes = mustCommit || world.random() < 0.7 ? 'commit' : 'abort'
  const filled = await fill(world, producer, fate)
  let outcome = filled
  if (filled === 'done' && wishes === 'commit') {
    outcome = await patiently(() => producer.commitTransaction())
    if (outcome === 'done') fate.outcome = 'committed'
  }
  if (outcome === 'abortable' || (filled === 'done' && wishes === 'abort')) {
    outcome = await patiently(() => producer.abortTransaction())
    if (outcome === 'done') fate.outcome = 'aborted'
  }
  return outcome
}

async function fill(world: World, producer: Producer, fate: Fate): Promise<Outcome> {
  const { number, records, offset } = fate
  for (let i = 0; i < records; i++) {
    try {
      producer.produce({ topic: TOPIC, key: `${i}`, value: `${number}:${i}` }, () => {})
    } catch (error) {
      // The transaction has failed meanwhile.
      if (error instanceof FencedError) return 'fenced'
      return 'abortable'
    }
    if (world.random() < 0.1) await world.pause(randomBelow(world.random, 400))
  }
  if (offset === undefined) return 'done'
  const metadata = { groupId: GROUP, generationId: -1, memberId: '', groupInstanceId: null }
  const offsets = [{ topic: TOPIC, partition: 0, offset }]
  try {
    await producer.sendOffsetsToTransaction(offsets, metadata)
    return 'done'
  } catch (error) {
    if (error instanceof FencedError) return 'fenced'
    return error instanceof KafkaError && error.fatal ? 'fatal' : 'abortable'
  }
}
