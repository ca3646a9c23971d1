import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { batchFacts } from '../../../src/broker/log/batch-facts.ts'
import { compact } from '../../../src/broker/log/compaction/compact.ts'
import { type CompactionState, planCompaction } from '../../../src/broker/log/compaction/plan.ts'
import { FolderStorage } from '../../../src/broker/log/file-storage.ts'
import { folderLog, memoryLog, recoveredLog } from '../../../src/broker/log/open-log.ts'
import type { PartitionLog } from '../../../src/broker/log/partition-log.ts'
import { scanLog } from '../../../src/broker/log/recovery.ts'
import { expiredSegments } from '../../../src/broker/log/retention.ts'
import {
  BATCH_HEADER_BYTES,
  type BatchFields,
  BatchWriter,
  readBatches,
  sealBatch,
  writeControlBatch,
} from '../../../src/records/index.ts'

const settings = { segmentBytes: 1, segmentMs: 2 ** 40, indexIntervalBytes: 256, fsync: false }
/** How large joined segments may be. */
const LARGE = 2 ** 20

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'posthaste-compaction-'))
})
afterEach(() => rm(folder, { recursive: true }))

type Pair = readonly [key: string | null, value: string | null]

function batch(
  pairs: readonly Pair[],
  fields: Partial<BatchFields> = {},
  timestamp = 1000,
): Buffer {
  const writer = new BatchWriter(Buffer.alloc(BATCH_HEADER_BYTES + 200 * pairs.length))
  for (const [i, [key, value]] of pairs.entries()) writer.append(timestamp + i, key, value)
  const bytes = Buffer.from(writer.bytes())
  const count = pairs.length
  const times = { baseTimestamp: timestamp, maxTimestamp: timestamp + count - 1 }
  sealBatch(bytes, { count, ...times, ...fields })
  return bytes
}

/** Appends; each batch gets a segment of its own, and so the last one is the active segment. */
function append(log: PartitionLog, ...batches: Buffer[]): void {
  for (const each of batches) {
    expect(log.append(each, batchFacts(each), 0, 0).is).toBe('appended')
  }
}

/** Every record that is left, as `OFFSET KEY=VALUE @TIMESTAMP`; markers by their kind. */
async function contents(log: PartitionLog): Promise<string[]> {
  await log.stored(log.endOffset)
  const lines: string[] = []
  for (let offset = log.startOffset; ; ) {
    const slice = await log.read(offset, { maxBytes: 1e6, atLeastOne: true, end: log.endOffset })
    if (slice.size === 0) return lines
    for (const each of readBatches(Buffer.concat(slice.chunks))) {
      each.verifyCrc()
      if (each.isControl) lines.push(`${each.baseOffset} marker`)
      else if (each.count === 0) lines.push(`${each.baseOffset}-${each.lastOffset} empty`)
      else {
        for (const { offset: at, key, value, timestamp } of each.cursor()) {
          lines.push(`${at} ${key}=${value} @${timestamp}`)
        }
      }
    }
    offset = slice.nextOffset
  }
}

const clean = (log: PartitionLog, nowMs = 5000, deleteRetentionMs = 100) => {
  const upTo = log.segments.at(-1)!.baseOffset
  return compact(log, { upTo, nowMs, deleteRetentionMs, segmentBytes: LARGE })
}

const kinds = {
  memory: () => memoryLog(() => settings),
  folder: () => folderLog(join(folder, 't-0'), () => settings),
}

describe.each(Object.entries(kinds))('a log in %s', (_, open) => {
  let log: PartitionLog
  beforeEach(() => {
    log = open()
  })
  afterEach(() => log.close())

  test('keeps the latest record of each key at its offset; the active segment stays', async () => {
    append(
      log,
      batch([
        ['a', '1'],
        ['b', '1'],
        ['a', '2'],
      ]),
      batch([
        ['c', '1'],
        ['b', '2'],
      ]),
      batch([
        ['a', '3'],
        ['a', '4'],
      ]),
    )
    await log.stored(log.endOffset)
    await clean(log)
    // The active segment was not looked at: a=2 stays though it holds a later one.
    expect(await contents(log)).toEqual([
      '2 a=2 @1002',
      '3 c=1 @1000',
      '4 b=2 @1001',
      '5 a=3 @1000',
      '6 a=4 @1001',
    ])
    expect([log.startOffset, log.endOffset]).toEqual([0, 7])
    // Joined into one, beside the active one.
    expect(log.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 5])
  })

  test.each(['gzip', 'snappy', 'lz4', 'zstd'].map((name, i) => [name, i + 1] as const))(
    'compacts what is compressed with %s',
    async (_name, codec) => {
      const { codecById } = await import('../../../src/records/compression/index.ts')
      await codecById(codec).ready()
      const plain = batch([
        ['a', '1'],
        ['b', '1'],
        ['a', '2'],
      ])
      const body = codecById(codec).compressSync(plain.subarray(BATCH_HEADER_BYTES))
      const packed = Buffer.concat([plain.subarray(0, BATCH_HEADER_BYTES), body])
      sealBatch(packed, { count: 3, baseTimestamp: 1000, maxTimestamp: 1002, codec })
      append(log, packed, batch([['z', '1']]))
      await log.stored(log.endOffset)
      await clean(log)
      expect(await contents(log)).toEqual(['1 b=1 @1001', '2 a=2 @1002', '3 z=1 @1000'])
      const [first] = readBatches((await log.batchAsLateAs(0))!)
      expect(first!.codec).toBe(codec)
    },
  )

  test('tombstones stay until their horizon has passed', async () => {
    append(
      log,
      batch([
        ['a', '1'],
        ['b', '1'],
      ]),
      batch([['a', null]]),
      batch([['z', '1']]),
    )
    await log.stored(log.endOffset)
    await clean(log, 5000)
    const kept = ['1 b=1 @1001', '2 a=null @1000', '3 z=1 @1000']
    expect(await contents(log)).toEqual(kept)
    append(log, batch([['y', '1']]))
    await log.stored(log.endOffset)
    await clean(log, 5099)
    expect(await contents(log)).toEqual([...kept, '4 y=1 @1000'])
    append(log, batch([['x', '1']]))
    await log.stored(log.endOffset)
    await clean(log, 5100)
    expect(await contents(log)).toEqual([
      '1 b=1 @1001',
      '3 z=1 @1000',
      '4 y=1 @1000',
      '5 x=1 @1000',
    ])
  })

  test('records without keys go; the last batch of a producer stays, empty if need be', async () => {
    const mine = { producerId: 7n, producerEpoch: 0 }
    append(
      log,
      batch([['a', '1']], { ...mine, baseSequence: 0 }),
      batch(
        [
          ['a', '2'],
          ['a', '3'],
        ],
        { ...mine, baseSequence: 1 },
      ),
      batch([
        ['a', '4'],
        [null, '5'],
      ]),
      batch([['z', '1']]),
    )
    await log.stored(log.endOffset)
    await clean(log)
    expect(await contents(log)).toEqual(['1-2 empty', '3 a=4 @1000', '5 z=1 @1000'])
    const again = batch(
      [
        ['a', '2'],
        ['a', '3'],
      ],
      { ...mine, baseSequence: 1 },
    )
    expect(log.append(again, batchFacts(again), 0, 0).is).toBe('duplicate')
  })

  test('what was aborted goes, its marker with the next horizon; commits stay', async () => {
    const of = (producerId: bigint, baseSequence = 0) => ({
      producerId,
      producerEpoch: 0,
      baseSequence,
      transactional: true,
    })
    const end = (is: 'abort' | 'commit', producerId: bigint) =>
      writeControlBatch({ is, producerId, producerEpoch: 0, coordinatorEpoch: 0, timestamp: 1000 })
    append(
      log,
      batch([['a', '1']]),
      batch([['a', 'aborted']], of(1n)),
      batch([['b', 'committed']], of(2n)),
      end('abort', 1n),
      end('commit', 2n),
      batch([['c', '1']], of(1n, 1)),
      end('commit', 1n),
      batch([['z', '1']]),
    )
    await log.stored(log.endOffset)
    await clean(log)
    expect(await contents(log)).toEqual([
      '0 a=1 @1000',
      '2 b=committed @1000',
      '3 marker',
      '4 marker',
      '5 c=1 @1000',
      '6 marker',
      '7 z=1 @1000',
    ])
    append(log, batch([['b', '2']]), batch([['y', '1']]))
    await log.stored(log.endOffset)
    // Now nothing of the aborted one is there: its marker gets a horizon, and then goes.
    await clean(log, 6000)
    append(log, batch([['x', '1']]))
    await log.stored(log.endOffset)
    await clean(log, 6100)
    expect((await contents(log)).slice(0, 5)).toEqual([
      '0 a=1 @1000',
      '2-2 empty',
      '4 marker',
      '5 c=1 @1000',
      '6 marker',
    ])
  })

  test('every offset can be read from, also where there is a gap', async () => {
    for (let i = 0; i < 40; i++) append(log, batch([[`key-${i % 7}`, `${i}`]]))
    await log.stored(log.endOffset)
    await clean(log)
    const left = (await contents(log)).map(line => Number(line.split(' ')[0]))
    expect(left).toEqual([32, 33, 34, 35, 36, 37, 38, 39])
    for (let offset = 0; offset < 40; offset++) {
      const slice = await log.read(offset, { maxBytes: 1, atLeastOne: true, end: 40 })
      const [first] = readBatches(Buffer.concat(slice.chunks))
      expect(first!.baseOffset).toBe(Math.max(offset, 32))
    }
  })
})

test('readers of the old segments end before their files go', async () => {
  const log = folderLog(join(folder, 't-0'), () => settings)
  for (let i = 0; i < 30; i++) append(log, batch([['a', `${i}`]]))
  await log.stored(log.endOffset)
  const reads = Array.from({ length: 30 }, (_, i) =>
    log.read(i, { maxBytes: 1e6, atLeastOne: true, end: 30 }),
  )
  await clean(log)
  for (const slice of await Promise.all(reads)) expect(slice.size).toBeGreaterThan(0)
  expect(await readdir(join(folder, 't-0'))).toEqual([
    '00000000000000000000.log',
    '00000000000000000029.log',
  ])
  await log.close()
})

test('a compacted log comes back after a restart, also from each step of a replacement', async () => {
  const place = join(folder, 't-0')
  const storage = new FolderStorage(place)
  const log = folderLog(place, () => settings)
  for (let i = 0; i < 6; i++) append(log, batch([[`k${i % 2}`, `${i}`]]))
  await log.stored(log.endOffset)
  const before = await contents(log)
  await clean(log)
  const after = await contents(log)
  await log.close()
  const back = async () => {
    const opened = await recoveredLog(storage, await scanLog(storage), () => settings)
    const found = await contents(opened)
    await opened.close()
    return found
  }
  expect(after).toHaveLength(3)
  expect(await back()).toEqual(after)

  const { cp, rename } = await import('node:fs/promises')
  const base = '00000000000000000000'
  const cleaned = join(place, `${base}.log`)
  const kept = join(folder, 'cleaned')
  await cp(cleaned, kept)
  // As it was before: each record in a segment of its own, and a new one half written.
  await rm(place, { recursive: true })
  const again = folderLog(place, () => settings)
  for (let i = 0; i < 6; i++) append(again, batch([[`k${i % 2}`, `${i}`]]))
  await again.close()
  await cp(kept, join(place, `${base}.log.cleaned`))
  expect(await back()).toEqual(before)
  expect(await readdir(place)).toHaveLength(6)
  // Whole and named to take their place: with all, some or none of the old ones there.
  const swap = join(place, `${base}-00000000000000000005.log.swap`)
  for (const gone of [[], [0, 1], [2, 3, 4]]) {
    for (const i of gone)
      await rm(join(place, `${String(i).padStart(20, '0')}.log`), { force: true })
    await rm(cleaned, { force: true })
    await cp(kept, swap)
    expect(await back()).toEqual(after)
    expect(await readdir(place)).toEqual([`${base}.log`, '00000000000000000005.log'])
  }
  await rename(cleaned, swap)
  expect(await back()).toEqual(after)
})

describe('when a log is compacted', () => {
  const segment = (baseOffset: number, size: number, timestamp: number) => ({
    baseOffset,
    nextOffset: baseOffset + 10,
    size,
    maxTimestamp: timestamp,
    firstTimestamp: timestamp,
  })
  const state: CompactionState = {
    segments: [segment(0, 100, 1000), segment(10, 100, 2000), segment(20, 100, 3000)],
    cleanedTo: 0,
    lastStableOffset: 30,
    nowMs: 10_000,
  }
  const rules = { minDirtyRatio: 0.5, minLagMs: 0, maxLagMs: 2 ** 53, deleteRetentionMs: 0 }

  test('by how much of it is dirty', () => {
    expect(planCompaction(state, rules)).toEqual({ is: 'now', upTo: 20 })
    const half = { ...state, cleanedTo: 10 }
    expect(planCompaction(half, rules)).toMatchObject({ is: 'at' })
    expect(planCompaction(half, { ...rules, minDirtyRatio: 0.4 })).toEqual({ is: 'now', upTo: 20 })
    const clean = { ...state, cleanedTo: 20 }
    expect(planCompaction(clean, rules)).toEqual({ is: 'nothing' })
  })

  test('not before its records are old enough, and at last when they are too old', () => {
    const young = { ...rules, minLagMs: 8500 }
    expect(planCompaction(state, young)).toEqual({ is: 'now', upTo: 10 })
    const younger = { ...rules, minLagMs: 9500 }
    expect(planCompaction(state, younger)).toEqual({ is: 'at', ms: 10_500 })
    const half = { ...state, cleanedTo: 10 }
    expect(planCompaction(half, { ...rules, maxLagMs: 9000 })).toEqual({ is: 'at', ms: 11_000 })
    const late = { ...half, nowMs: 11_000 }
    expect(planCompaction(late, { ...rules, maxLagMs: 9000 })).toEqual({ is: 'now', upTo: 20 })
  })

  test('never beyond an open transaction', () => {
    expect(planCompaction({ ...state, lastStableOffset: 15 }, rules)).toEqual({
      is: 'now',
      upTo: 10,
    })
    expect(planCompaction({ ...state, lastStableOffset: 5 }, rules)).toEqual({ is: 'nothing' })
  })
})

describe('what retention takes', () => {
  const segment = (size: number, maxTimestamp: number) => ({ size, maxTimestamp, firstAppendMs: 0 })
  const all = [segment(100, 1000), segment(100, 3000), segment(100, 2000)]
  const forever = { retentionMs: -1, retentionBytes: -1 }

  test('by age: whole segments from the first on, the last one too', () => {
    const count = (nowMs: number) => expiredSegments(all, { ...forever, retentionMs: 500 }, nowMs)
    expect([1500, 1501, 3500, 3501].map(count)).toEqual([0, 1, 1, 3])
  })

  test('by size: as many as leave enough', () => {
    const count = (retentionBytes: number) =>
      expiredSegments(all, { ...forever, retentionBytes }, 0)
    expect([300, 250, 200, 199, 100, 0].map(count)).toEqual([0, 0, 1, 1, 2, 3])
  })

  test('nothing without limits', () => {
    expect(expiredSegments(all, forever, 2 ** 50)).toBe(0)
  })
})
