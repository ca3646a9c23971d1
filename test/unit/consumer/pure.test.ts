import { describe, expect, test } from 'vitest'
import { FakeClock } from '../../../src/base/fake-clock.ts'
import { fetchVerdict } from '../../../src/consumer/fetch-verdict.ts'
import { previousOf, writePrevious } from '../../../src/consumer/group/assignors/sticky.ts'
import { groupVerdict } from '../../../src/consumer/group/group-verdict.ts'
import { consumerConfig } from '../../../src/consumer/options.ts'
import { ConsumedPartition } from '../../../src/consumer/partition.ts'
import { checkRunOptions } from '../../../src/consumer/run/options.ts'
import { PartitionRun } from '../../../src/consumer/run/partition-run.ts'
import { type AbortedTransaction, sift } from '../../../src/consumer/sift.ts'
import { parseReset } from '../../../src/consumer/start.ts'
import { BrokerError, ConfigError } from '../../../src/errors.ts'
import { Publisher } from '../../../src/events.ts'
import { errorByName } from '../../../src/protocol/errors.ts'
import {
  BATCH_HEADER_BYTES,
  BatchWriter,
  placeBatch,
  sealBatch,
  writeControlBatch,
} from '../../../src/records/index.ts'

const never = () => {
  throw new Error('nothing was to be tried again')
}

function partitionAt(offset: number): ConsumedPartition {
  const clock = new FakeClock()
  const publisher = new Publisher({ instance: 1, clientId: 'test' }, () => clock.now())
  const partition = new ConsumedPartition({ topic: 't', partition: 0 }, publisher)
  partition.startAt(offset)
  return partition
}

/** A batch of `count` records from an offset on; of a transaction, if a producer is named. */
function batchAt(baseOffset: number, count: number, producerId?: bigint): Buffer {
  const writer = new BatchWriter(Buffer.alloc(BATCH_HEADER_BYTES + 64 * count))
  for (let i = 0; i < count; i++) writer.append(1000, null, `${baseOffset + i}`)
  const bytes = writer.bytes()
  sealBatch(bytes, {
    count,
    baseTimestamp: 1000,
    maxTimestamp: 1000,
    ...(producerId !== undefined && { producerId, producerEpoch: 0, transactional: true }),
  })
  placeBatch(bytes, baseOffset, 3)
  return bytes
}

function endAt(baseOffset: number, is: 'commit' | 'abort', producerId: bigint): Buffer {
  return writeControlBatch({
    is,
    producerId,
    producerEpoch: 0,
    coordinatorEpoch: 1,
    timestamp: 1000,
    baseOffset,
    partitionLeaderEpoch: 3,
  })
}

/** What is left of a fetch: for each portion the base offset, and where its partition goes on. */
function sifted(from: number, bytes: Buffer[], aborted?: AbortedTransaction[]) {
  const result = sift(partitionAt(from), Buffer.concat(bytes), aborted)
  const portions = result.portions.map(({ batch, nextOffset, problem }) => [
    problem === undefined ? batch?.baseOffset : 'bad',
    nextOffset,
  ])
  return { portions, nextOffset: result.nextOffset }
}

describe('what of a fetch is for the program', () => {
  test('batches in order; markers only move the offset', () => {
    const log = [batchAt(0, 3, 7n), batchAt(3, 1), endAt(4, 'commit', 7n)]
    expect(sifted(0, log)).toEqual({
      portions: [
        [0, 3],
        [3, 5],
      ],
      nextOffset: 5,
    })
    expect(sifted(4, log)).toEqual({ portions: [[undefined, 5]], nextOffset: 5 })
  })

  test('aborted transactions are left out up to their markers, however the list is sorted', () => {
    const log = [
      batchAt(0, 2, 7n),
      batchAt(2, 1, 8n),
      endAt(3, 'abort', 7n),
      batchAt(4, 1, 7n),
      endAt(5, 'commit', 7n),
      batchAt(6, 1, 8n),
      endAt(7, 'abort', 8n),
      batchAt(8, 1),
      batchAt(9, 1, 7n),
      endAt(10, 'abort', 7n),
    ]
    const aborted = [
      { producerId: 7n, firstOffset: 9 },
      { producerId: 8n, firstOffset: 2 },
      { producerId: 7n, firstOffset: 0 },
    ]
    const { portions, nextOffset } = sifted(0, log, aborted)
    expect(portions).toEqual([
      [4, 8],
      [8, 11],
    ])
    expect(nextOffset).toBe(11)
  })

  test('bytes that are no batch come up behind what was before them', () => {
    const broken = Buffer.from(batchAt(2, 1))
    broken[16] = 9
    const { portions, nextOffset } = sifted(0, [batchAt(0, 2), broken])
    expect(portions).toEqual([
      [0, 2],
      ['bad', 2],
    ])
    expect(nextOffset).toBe(2)
  })
})

describe('units of one partition', () => {
  function runOf(count: number, lanes: number) {
    const partition = partitionAt(0)
    const run = new PartitionRun(partition)
    const finish: (() => void)[] = []
    for (let i = 0; i < count; i++) {
      const work = () => new Promise<undefined>(resolve => (finish[i] = () => resolve(undefined)))
      run.pull({ nextOffset: i + 1, records: 1, lane: `lane-${i % lanes}`, work })
    }
    return { partition, run, finish }
  }

  test('may end in any order, and count as processed without gaps', async () => {
    const { partition, run, finish } = runOf(4, 4)
    const ends = [run.begin(never), run.begin(never), run.begin(never), run.begin(never)]
    expect(run.begin(never)).toBeUndefined()
    for (const [i, processed] of [
      [2, 0],
      [0, 1],
      [3, 1],
      [1, 4],
    ] as const) {
      finish[i]!()
      await ends[i]
      expect(partition.processed).toBe(processed)
    }
    expect([run.isBusy, run.outstanding, partition.position]).toEqual([false, 0, 4])
  })

  test('of one lane wait for each other', async () => {
    const { run, finish } = runOf(4, 2)
    const first = run.begin(never)
    run.begin(never)
    expect(run.begin(never)).toBeUndefined()
    finish[0]!()
    await first
    expect(run.begin(never)).toBeDefined()
    expect(finish[2]).toBeDefined()
  })
})

describe('errors', () => {
  const code = (name: string) => errorByName(name)!.code

  test('of a fetch: only the leader that lacks the offset leads to a reset', () => {
    const verdictOf = (name: string, fromFollower = false) => fetchVerdict(code(name), fromFollower)
    expect(verdictOf('NONE')).toBe('take')
    expect(verdictOf('OFFSET_OUT_OF_RANGE')).toBe('reset')
    expect(verdictOf('OFFSET_OUT_OF_RANGE', true)).toBe('askLeader')
    expect(verdictOf('NOT_LEADER_OR_FOLLOWER')).toBe('refresh')
    expect(verdictOf('FENCED_LEADER_EPOCH')).toBe('refresh')
    expect(verdictOf('OFFSET_NOT_AVAILABLE')).toBe('retry')
    expect(verdictOf('UNKNOWN_SERVER_ERROR')).toBe('retry')
    expect(verdictOf('TOPIC_AUTHORIZATION_FAILED')).toBe('fail')
    for (let each = -1; each < 135; each++) {
      if (each !== 1) expect(fetchVerdict(each, false)).not.toBe('reset')
    }
  })

  test('of a group: each leads to the least that helps', () => {
    const verdictOf = (name: string) => groupVerdict(new BrokerError(code(name)))
    expect(verdictOf('REBALANCE_IN_PROGRESS')).toBe('rejoin')
    expect(verdictOf('ILLEGAL_GENERATION')).toBe('lose')
    expect(verdictOf('FENCED_MEMBER_EPOCH')).toBe('lose')
    expect(verdictOf('UNKNOWN_MEMBER_ID')).toBe('forget')
    expect(verdictOf('NOT_COORDINATOR')).toBe('retry')
    expect(verdictOf('COORDINATOR_LOAD_IN_PROGRESS')).toBe('retry')
    expect(verdictOf('FENCED_INSTANCE_ID')).toBe('fatal')
    expect(verdictOf('INCONSISTENT_GROUP_PROTOCOL')).toBe('fatal')
    expect(groupVerdict(new Error('a bug'))).toBe('fatal')
  })
})

describe('settings', () => {
  const servers = { 'bootstrap.servers': 'localhost:9092' }

  test('auto.offset.reset takes the words of every client, and durations', () => {
    expect(parseReset('earliest')).toEqual({ is: 'earliest' })
    expect(parseReset('smallest')).toEqual({ is: 'earliest' })
    expect(parseReset('end')).toEqual({ is: 'latest' })
    expect(parseReset('error')).toEqual({ is: 'none' })
    expect(parseReset('by_duration:P1DT2H3M4.5S')).toEqual({
      is: 'by_duration',
      ms: (((24 + 2) * 60 + 3) * 60 + 4.5) * 1000,
    })
    for (const wrong of ['', 'first', 'by_duration:', 'by_duration:P', 'by_duration:PT', 7]) {
      expect(parseReset(wrong)).toBeUndefined()
    }
  })

  test('an assignor may be named as Java does, by its class', () => {
    const prefix = 'org.apache.kafka.clients.consumer.'
    const classes = ['Range', 'RoundRobin', 'Sticky', 'CooperativeSticky']
    const strategy = classes.map(name => `${prefix}${name}Assignor`).join()
    const { assignors } = consumerConfig({ ...servers, 'partition.assignment.strategy': strategy })
    const names = ['range', 'roundrobin', 'sticky', 'cooperative-sticky']
    expect(assignors.map(({ name }) => name)).toEqual(names)
  })

  test('what is wrong is refused, with what to write instead', () => {
    const refusal = (more: object) => {
      try {
        consumerConfig({ ...servers, ...more })
        return 'taken'
      } catch (error) {
        return String(error)
      }
    }
    expect(refusal({ 'auto.offset.reset': 'first' })).toMatch(/one of earliest, latest, none/)
    expect(refusal({ 'group.idd': 'x' })).toMatch(/did you mean group.id/)
    expect(refusal({ 'partition.assignment.strategy': 'sticki' })).toMatch(/cooperative-sticky/)
    expect(refusal({ 'session.timeout.ms': 1000 })).toMatch(/heartbeat.interval.ms/)
    expect(refusal({ 'group.protocol': 'consumer', 'session.timeout.ms': 9000 })).toMatch(
      /means nothing with group.protocol=consumer/,
    )
    expect(refusal({ 'fetch.wait.max.ms': 5, queuedMaxMessagesKbytes: 10 })).toBe('taken')
  })
})

test.each<[unknown, string]>([
  [undefined, 'run() needs an object with eachMessage or eachBatch'],
  [() => {}, 'run() needs an object with eachMessage or eachBatch'],
  [{}, 'run() needs one of eachMessage and eachBatch'],
])('%o are no options of run()', (given, message) => {
  const check = () => Reflect.apply(checkRunOptions, undefined, [given])
  expect(check).toThrow(ConfigError)
  expect(check).toThrow(message)
})

test('what a sticky member had is told in the bytes of that protocol', () => {
  const had = [
    { topic: 'a', partition: 0 },
    { topic: 'a', partition: 2 },
    { topic: 'b', partition: 1 },
  ]
  const userData = writePrevious(had, 9)
  expect(previousOf({ userData })).toEqual({ partitions: had, generationId: 9 })
  const withoutGeneration = userData.subarray(0, -4)
  expect(previousOf({ userData: withoutGeneration }).generationId).toBe(-1)
  for (let size = 0; size < userData.length - 4; size++) {
    expect(previousOf({ userData: userData.subarray(0, size) }).partitions).toEqual([])
  }
  const hostile = Buffer.from('7fffffff0001', 'hex')
  expect(previousOf({ userData: hostile }).partitions).toEqual([])
})
