import { describe, expect, test } from 'vitest'
import { Batch } from '../../../src/producer/batch.ts'
import { PartitionQueue, sequenceAfter } from '../../../src/producer/partition-queue.ts'

const times = { createdAt: 0, dueAt: 0, freshUntil: 100, deadline: 1_000 }

function readyBatch(ordinal: number): Batch {
  const place = { topic: 't', partition: 0 }
  const batch = new Batch(ordinal + 1, ordinal, place, Buffer.alloc(256), times, false)
  batch.writer.append(0, null, 'v')
  batch.move('ready')
  return batch
}

function launch(queue: PartitionQueue, batch: Batch): void {
  queue.takeOff(batch)
  batch.move('inFlight')
  batch.sends++
}

function comeBack(queue: PartitionQueue, batch: Batch): void {
  queue.landed(batch)
  batch.move('ready')
  queue.requeue([batch])
}

describe('a partition queue', () => {
  test('sequence numbers begin again at 0 after 2^31-1', () => {
    expect(sequenceAfter(0, 5)).toBe(5)
    expect(sequenceAfter(2_147_483_645, 2)).toBe(2_147_483_647)
    expect(sequenceAfter(2_147_483_647, 1)).toBe(0)
    expect(sequenceAfter(2_147_483_640, 20)).toBe(12)
  })

  test('batches come back to their old places, in whatever order they failed', () => {
    const queue = new PartitionQueue('t', 0)
    const batches = [0, 1, 2, 3].map(readyBatch)
    queue.waiting.push(...batches)
    for (const batch of batches.slice(0, 3)) launch(queue, batch)
    for (const at of [1, 2, 0]) comeBack(queue, batches[at]!)
    expect(queue.waiting).toEqual(batches)
  })

  test('a batch that is tried again travels alone', () => {
    const queue = new PartitionQueue('t', 0)
    const [first, second, third] = [0, 1, 2].map(readyBatch) as [Batch, Batch, Batch]
    queue.waiting.push(first, second, third)
    launch(queue, first)
    expect(queue.sendable(0)).toBe(second)
    launch(queue, second)
    comeBack(queue, first)
    expect(queue.sendable(0)).toBeUndefined()
    comeBack(queue, second)
    expect(queue.sendable(0)).toBe(first)
    launch(queue, first)
    expect(queue.sendable(0)).toBeUndefined()
    queue.landed(first)
    expect(queue.sendable(0)).toBe(second)
  })

  test('a batch rests until its retry is due', () => {
    const queue = new PartitionQueue('t', 0)
    const batch = readyBatch(0)
    batch.retryAt = 50
    queue.waiting.push(batch)
    expect(queue.sendable(49)).toBeUndefined()
    expect(queue.sendable(50)).toBe(batch)
  })
})
