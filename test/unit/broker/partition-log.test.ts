import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { batchFacts } from '../../../src/broker/log/batch-facts.ts'
import { folderLog, memoryLog } from '../../../src/broker/log/open-log.ts'
import type { LogSettings, PartitionLog } from '../../../src/broker/log/partition-log.ts'
import { readBatches, writeControlBatch } from '../../../src/records/index.ts'
import { batchOf } from '../../broker/batches.ts'

const settings: LogSettings = {
  segmentBytes: 2 ** 30,
  segmentMs: 2 ** 40,
  indexIntervalBytes: 256,
  fsync: false,
}

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'posthaste-log-'))
})
afterEach(() => rm(folder, { recursive: true }))

function append(log: PartitionLog, batch: Buffer, epoch = 0, now = 0) {
  return log.append(batch, batchFacts(batch), epoch, now)
}

/** The offsets of the batches that a read gives, as [first, last]. */
async function read(log: PartitionLog, offset: number, maxBytes = 1e6, atLeastOne = true) {
  await log.stored(log.endOffset)
  const slice = await log.read(offset, { maxBytes, atLeastOne, end: log.highWatermark })
  const bytes = Buffer.concat(slice.chunks)
  expect(bytes.length).toBe(slice.size)
  return [...readBatches(bytes)].map(batch => {
    batch.verifyCrc()
    return [batch.baseOffset, batch.lastOffset]
  })
}

const kinds = {
  'in memory': (own: Partial<LogSettings>) => memoryLog(() => ({ ...settings, ...own })),
  'in a folder': (own: Partial<LogSettings>) =>
    folderLog(join(folder, 'topic-0'), () => ({ ...settings, ...own })),
  'in a folder, synced': (own: Partial<LogSettings>) =>
    folderLog(join(folder, 'topic-0'), () => ({ ...settings, fsync: true, ...own })),
}

describe.each(Object.entries(kinds))('a log %s', (_, open) => {
  let log: PartitionLog
  afterEach(() => log.close())

  test('gives offsets and epochs to batches, and gives them back', async () => {
    log = open({})
    expect(append(log, batchOf(['a', 'b', 'c']))).toMatchObject({ baseOffset: 0, lastOffset: 2 })
    expect(append(log, batchOf(['d']), 4)).toMatchObject({ baseOffset: 3, lastOffset: 3 })
    expect(await read(log, 0)).toEqual([
      [0, 2],
      [3, 3],
    ])
    expect(await read(log, 1)).toHaveLength(2)
    expect(await read(log, 3)).toEqual([[3, 3]])
    expect(await read(log, 4)).toEqual([])
    expect([log.startOffset, log.highWatermark, log.lastStableOffset]).toEqual([0, 4, 4])
    expect([log.epochs.at(2), log.epochs.at(3)]).toEqual([0, 4])
    expect(log.epochs.endOf(1, log.endOffset)).toEqual({ epoch: 0, endOffset: 3 })
  })

  test('finds every offset among many batches of all sizes', async () => {
    log = open({ segmentBytes: 20_000 })
    let records = 0
    for (let i = 0; i < 300; i++) {
      const values = Array.from({ length: 1 + (i % 5) }, () => 'x'.repeat((i * 37) % 900))
      append(log, batchOf(values))
      records += values.length
    }
    expect(log.endOffset).toBe(records)
    expect(log.segments.length).toBeGreaterThan(5)
    for (let offset = 0; offset < records; offset += 3) {
      const [first] = await read(log, offset, 0)
      expect(first![0]).toBeLessThanOrEqual(offset)
      expect(first![1]).toBeGreaterThanOrEqual(offset)
    }
  })

  test('obeys the limits of a read, but for the first batch', async () => {
    log = open({})
    const size = batchOf(['x'.repeat(1000)]).length
    for (let i = 0; i < 10; i++) append(log, batchOf(['x'.repeat(1000)]))
    expect(await read(log, 2, size * 3)).toHaveLength(3)
    expect(await read(log, 2, size * 3 + size - 1)).toHaveLength(3)
    expect(await read(log, 2, 1)).toEqual([[2, 2]])
    expect(await read(log, 2, size - 1, false)).toEqual([])
    const limited = await log.read(0, { maxBytes: 1e6, atLeastOne: true, end: 4 })
    expect(limited.nextOffset).toBe(4)
  })

  test('gives batches larger than any window or block', async () => {
    log = open({})
    append(log, batchOf(['small']))
    append(log, batchOf(['x'.repeat(3_000_000)]))
    append(log, batchOf(['small']))
    expect(await read(log, 1, 1)).toEqual([[1, 1]])
    expect(await read(log, 0, 1e7)).toHaveLength(3)
    expect(await read(log, 2)).toEqual([[2, 2]])
  })

  test('begins a segment when the last is full or old', async () => {
    log = open({ segmentBytes: 200, segmentMs: 1000 })
    append(log, batchOf(['x'.repeat(90)]), 0, 0)
    append(log, batchOf(['x'.repeat(90)]), 0, 0)
    expect(log.segments.map(segment => segment.baseOffset)).toEqual([0, 1])
    append(log, batchOf(['x']), 0, 500)
    append(log, batchOf(['x']), 0, 1501)
    expect(log.segments.length).toBeGreaterThan(2)
    expect(await read(log, 0, 150)).toEqual([[0, 0]])
    expect(await read(log, 1)).not.toEqual([])
  })

  test('finds the first batch that is as late as a time', async () => {
    log = open({ segmentBytes: 3000 })
    for (let i = 0; i < 50; i++)
      append(log, batchOf(['x'.repeat(200)], { timestamp: 1000 + i * 10 }))
    await log.stored(50)
    for (const [timestamp, offset] of [
      [0, 0],
      [1000, 0],
      [1001, 1],
      [1255, 26],
      [1490, 49],
    ]) {
      const batch = await log.batchAsLateAs(timestamp!)
      expect(batch && batchFacts(batch).baseOffset).toBe(offset)
    }
    expect(await log.batchAsLateAs(1491)).toBeUndefined()
    expect(log.maxTimestamp).toBe(1490)
  })

  test('answers a batch that it has with its first offsets, and keeps one copy', async () => {
    log = open({})
    const options = { producerId: 5n, producerEpoch: 0, baseSequence: 0 }
    append(log, batchOf(['other']))
    expect(append(log, batchOf(['a', 'b'], options))).toMatchObject({ baseOffset: 1 })
    const again = append(log, batchOf(['a', 'b'], options))
    expect(again).toMatchObject({ is: 'duplicate', of: { baseOffset: 1, lastOffset: 2 } })
    expect(log.endOffset).toBe(3)
  })

  test('holds the last stable offset at the oldest open transaction', async () => {
    log = open({})
    const mine = { producerId: 5n, producerEpoch: 0, transactional: true }
    append(log, batchOf(['plain']))
    append(log, batchOf(['a', 'b'], { ...mine, baseSequence: 0 }))
    append(log, batchOf(['plain']))
    await log.stored(log.endOffset)
    expect([log.highWatermark, log.lastStableOffset]).toEqual([4, 1])
    const end = { is: 'abort', producerId: 5n, producerEpoch: 0, coordinatorEpoch: 3 } as const
    append(log, writeControlBatch({ ...end, timestamp: 5 }))
    await log.stored(log.endOffset)
    expect(log.lastStableOffset).toBe(5)
    const aborted = { producerId: 5n, firstOffset: 1, lastOffset: 4 }
    expect(log.transactions.abortedIn(0, 5)).toEqual([aborted])
    expect(log.transactions.abortedIn(0, 1)).toEqual([])
    expect(log.producers.get(5n)?.coordinatorEpoch).toBe(3)
  })

  test('deletes the records before an offset, and the segments that end there', async () => {
    log = open({ segmentBytes: 200 })
    for (let i = 0; i < 6; i++) append(log, batchOf(['x'.repeat(90)]))
    await log.stored(6)
    await log.deleteBefore(3)
    expect([log.startOffset, log.segments[0]!.baseOffset]).toEqual([3, 3])
    await log.deleteBefore(100)
    expect([log.startOffset, log.segments.length]).toEqual([6, 1])
    expect(append(log, batchOf(['next']))).toMatchObject({ baseOffset: 6 })
  })

  test('tells of bytes that have become readable', async () => {
    log = open({})
    let told = 0
    log.onReadable = bytes => {
      told += bytes
    }
    const batch = batchOf(['a'])
    append(log, batch)
    await log.stored(1)
    expect(told).toBe(batch.length)
  })
})

test('a log that can not be written refuses appends, and tells those that wait', async () => {
  const log = folderLog('/dev/null/no-folder', () => settings)
  append(log, batchOf(['a']))
  await expect(log.stored(1)).rejects.toThrow(/ENOTDIR|EEXIST/)
  expect(log.highWatermark).toBe(0)
  expect(append(log, batchOf(['b']))).toMatchObject({ code: 'KAFKA_STORAGE_ERROR' })
})
