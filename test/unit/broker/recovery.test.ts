import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { batchFacts } from '../../../src/broker/log/batch-facts.ts'
import { FolderStorage, segmentName } from '../../../src/broker/log/file-storage.ts'
import { folderLog, recoveredLog } from '../../../src/broker/log/open-log.ts'
import type { LogSettings, PartitionLog } from '../../../src/broker/log/partition-log.ts'
import { scanLog } from '../../../src/broker/log/recovery.ts'
import { writeControlBatch } from '../../../src/records/index.ts'
import { batchOf } from '../../broker/batches.ts'

let root: string
let folder: string
let settings: LogSettings

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'posthaste-recovery-'))
  folder = join(root, 'topic-0')
  settings = { segmentBytes: 2 ** 30, segmentMs: 2 ** 40, indexIntervalBytes: 256, fsync: false }
})
afterEach(() => rm(root, { recursive: true }))

function append(log: PartitionLog, batch: Buffer, epoch = 0) {
  return log.append(batch, batchFacts(batch), epoch, 0)
}

/** Writes the batches into the folder, as a broker that then ends. */
async function written(batches: readonly Buffer[]): Promise<void> {
  const log = folderLog(folder, () => settings)
  for (const batch of batches) append(log, batch)
  await log.close()
}

const opened: PartitionLog[] = []
afterEach(() => Promise.all(opened.splice(0).map(log => log.close())))

async function recovered(at = folder): Promise<PartitionLog> {
  const storage = new FolderStorage(at)
  const log = await recoveredLog(storage, await scanLog(storage), () => settings)
  opened.push(log)
  return log
}

const idempotent = (baseSequence: number) => ({ producerId: 9n, producerEpoch: 1, baseSequence })

test('an empty or missing folder is an empty log', async () => {
  const log = await recovered()
  expect([log.startOffset, log.endOffset]).toEqual([0, 0])
})

test('batches, segments, producers, epochs and transactions come back', async () => {
  settings = { ...settings, segmentBytes: 300 }
  const end = { is: 'abort', producerId: 4n, producerEpoch: 0, coordinatorEpoch: 2 } as const
  const mine = { producerId: 4n, producerEpoch: 0, transactional: true }
  await written([
    batchOf(['x'.repeat(200)], idempotent(0)),
    batchOf(['x'.repeat(200), 'y'], idempotent(1)),
    batchOf(['a'], { ...mine, baseSequence: 0 }),
    writeControlBatch({ ...end, timestamp: 5 }),
    batchOf(['b'], { ...mine, baseSequence: 1 }),
  ])
  const log = await recovered()
  expect(log.segments.length).toBeGreaterThan(2)
  expect([log.endOffset, log.highWatermark, log.lastStableOffset]).toEqual([6, 6, 5])
  expect(log.producers.get(9n)?.batches.map(batch => batch.baseOffset)).toEqual([0, 1])
  const again = batchOf(['x'.repeat(200), 'y'], idempotent(1))
  expect(append(log, again)).toMatchObject({ is: 'duplicate', of: { baseOffset: 1 } })
  expect(log.transactions.abortedIn(0, 6)).toHaveLength(1)
  expect(append(log, batchOf(['next'], idempotent(3)), 7)).toMatchObject({ baseOffset: 6 })
  await log.close()
  expect((await recovered()).epochs.latest).toEqual({ epoch: 7, startOffset: 6 })
})

test('a log cut anywhere in its last batch keeps the batches before it, and goes on', async () => {
  const kept = batchOf(['first', 'second'], idempotent(0))
  const last = batchOf(['third'], idempotent(2))
  await written([kept, last])
  const whole = kept.length + last.length
  for (let size = kept.length; size < whole; size++) {
    const copy = join(root, `cut-${size}`)
    await cp(folder, copy, { recursive: true })
    const file = join(copy, segmentName(0))
    await truncate(file, size)
    const log = await recovered(copy)
    expect(log.endOffset).toBe(2)
    expect(append(log, batchOf(['third'], idempotent(2)))).toMatchObject({ baseOffset: 2 })
    await log.close()
    expect((await readFile(file)).length).toBe(whole)
    expect((await recovered(copy)).endOffset).toBe(3)
  }
})

test('a last batch with a wrong byte is cut off, as are zeros at the end', async () => {
  const kept = batchOf(['first'])
  const last = batchOf(['second'])
  await written([kept, last])
  const file = join(folder, segmentName(0))
  const bytes = await readFile(file)
  bytes[bytes.length - 1]! ^= 1
  await writeFile(file, bytes)
  expect((await recovered()).endOffset).toBe(1)
  expect((await readFile(file)).length).toBe(kept.length)
  await writeFile(file, Buffer.concat([bytes.subarray(0, kept.length), Buffer.alloc(5000)]))
  expect((await recovered()).endOffset).toBe(1)
})

test('damage that a crash does not explain is refused, and nothing is changed', async () => {
  settings = { ...settings, segmentBytes: 300 }
  await written([batchOf(['x'.repeat(200)]), batchOf(['y'.repeat(60)]), batchOf(['z'.repeat(20)])])
  const names = (await readdir(folder)).sort()
  expect(names).toHaveLength(2)
  const damage = async (name: string, change: (bytes: Buffer) => Buffer, complaint: RegExp) => {
    const file = join(folder, name)
    const before = await readFile(file)
    const after = change(Buffer.from(before))
    await writeFile(file, after)
    await expect(recovered()).rejects.toThrow(complaint)
    expect(await readFile(file)).toEqual(after)
    await writeFile(file, before)
  }
  const [first = '', last = ''] = names
  await damage(first, bytes => bytes.subarray(0, -1), /cut off, but segments follow/)
  await damage(first, bytes => bytes.fill(7, 16, 17), /no batch starts there/)
  await damage(last, bytes => bytes.fill(7, 16, 17), /no batch starts there/)
  await damage(last, bytes => bytes.fill(7, 70, 80), /checksum is wrong/)
  await damage(last, bytes => bytes.fill(0, 0, 8), /offset 0 follows 0/)
  expect((await recovered()).endOffset).toBe(3)
})

test('the start offset is kept, and one that is no number is refused', async () => {
  await written([batchOf(['a', 'b', 'c'])])
  const log = await recovered()
  await log.deleteBefore(2)
  await log.close()
  expect((await recovered()).startOffset).toBe(2)
  await writeFile(join(folder, 'start-offset'), 'two')
  await expect(recovered()).rejects.toThrow(/is no offset/)
})
