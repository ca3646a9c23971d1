import { expect, test } from 'vitest'
import { type BatchFacts, batchFacts } from '../../../src/broker/log/batch-facts.ts'
import { ProducerStates } from '../../../src/broker/log/producer-states.ts'

const plain: BatchFacts = {
  baseOffset: 0,
  lastOffset: 0,
  leaderEpoch: 0,
  maxTimestamp: 1000,
  producerId: 7n,
  producerEpoch: 0,
  baseSequence: 0,
  count: 1,
  isTransactional: false,
  isControl: false,
}

/** A batch of `count` records with a sequence, placed at an offset. */
function batch(baseSequence: number, count = 1, more: Partial<BatchFacts> = {}): BatchFacts {
  const baseOffset = more.baseOffset ?? 0
  return { ...plain, baseSequence, count, ...more, baseOffset, lastOffset: baseOffset + count - 1 }
}

function states(...batches: BatchFacts[]): ProducerStates {
  const made = new ProducerStates()
  for (const each of batches) made.record(each)
  return made
}

test('a batch without a producer id is always new', () => {
  const nobody = batch(-1, 1, { producerId: -1n, producerEpoch: -1 })
  expect(states(nobody).check(nobody)).toEqual({ is: 'new' })
  expect(states(nobody).size).toBe(0)
})

test('a producer that is not known may begin with any sequence, as Kafka allows', () => {
  expect(states().check(batch(12))).toEqual({ is: 'new' })
})

test('the next sequence is new, a gap and a step back are out of order', () => {
  const known = states(batch(0, 10))
  expect(known.check(batch(10))).toEqual({ is: 'new' })
  for (const wrong of [9, 11, 5]) {
    expect(known.check(batch(wrong))).toMatchObject({ code: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
  }
})

test('each of the last five batches is recognised with its offsets, the one before is not', () => {
  const sent = Array.from({ length: 6 }, (_, i) => batch(i * 2, 2, { baseOffset: 100 + i * 2 }))
  const known = states(...sent)
  for (const [i, each] of sent.entries()) {
    const verdict = known.check({ ...each, baseOffset: 0, lastOffset: 1 })
    if (i === 0) expect(verdict).toMatchObject({ code: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
    else expect(verdict).toMatchObject({ is: 'duplicate', of: { baseOffset: 100 + i * 2 } })
  }
})

test('a batch with the first sequence of a known one but another length is no duplicate', () => {
  expect(states(batch(0, 2)).check(batch(0, 3))).toMatchObject({ is: 'refused' })
})

test('an older epoch is fenced; a newer one must begin with sequence 0', () => {
  const known = states(batch(5, 1, { producerEpoch: 3 }))
  const older = known.check(batch(6, 1, { producerEpoch: 2 }))
  expect(older).toMatchObject({ code: 'INVALID_PRODUCER_EPOCH' })
  const late = known.check(batch(6, 1, { producerEpoch: 4 }))
  expect(late).toMatchObject({ code: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
  expect(known.check(batch(0, 1, { producerEpoch: 4 }))).toEqual({ is: 'new' })
})

test('after sequence 2^31-1 comes 0, also within a batch', () => {
  const last = 2 ** 31 - 1
  expect(states(batch(last)).check(batch(0))).toEqual({ is: 'new' })
  const across = batch(last - 1, 4)
  const known = states(across)
  expect(known.get(7n)?.batches.at(-1)?.lastSequence).toBe(1)
  expect(known.check(batch(2))).toEqual({ is: 'new' })
  expect(known.check(across)).toMatchObject({ is: 'duplicate' })
})

test('a marker of a newer epoch makes older batches stale and asks for sequence 0', () => {
  const known = states(batch(0, 3), batch(-1, 1, { producerEpoch: 1, isControl: true }))
  expect(known.check(batch(3))).toMatchObject({ code: 'INVALID_PRODUCER_EPOCH' })
  expect(known.check(batch(0, 1, { producerEpoch: 1 }))).toEqual({ is: 'new' })
  expect(known.check(batch(3, 1, { producerEpoch: 1 }))).toMatchObject({ is: 'refused' })
})

test('producers that have long been silent are forgotten, busy ones are kept', () => {
  const known = states()
  const ids = () => [...known.all()].map(state => state.producerId)
  known.isCheckDue(10)
  known.record(batch(0, 1, { producerId: 1n }))
  known.record(batch(0, 1, { producerId: 2n }))
  known.isCheckDue(23)
  // How old the records are that it writes says nothing of when it wrote them.
  known.record(batch(0, 1, { producerId: 3n, maxTimestamp: 1 }))
  known.expire(25, 5, id => id === 2n)
  expect(ids()).toEqual([2n, 3n])
  known.expire(28, 5, () => false)
  expect(ids()).toEqual([])
})

test('of what was read from the log nothing is forgotten at once', () => {
  const known = states(batch(0, 1, { producerId: 1n, maxTimestamp: 1 }))
  known.expire(1_000, 5, () => false)
  expect([...known.all()]).toHaveLength(1)
  known.expire(1_005, 5, () => false)
  expect([...known.all()]).toHaveLength(0)
})

test('facts are read from where a batch starts', () => {
  const bytes = Buffer.alloc(200)
  bytes.writeBigInt64BE(42n, 100)
  bytes.writeInt32BE(4, 123)
  expect(batchFacts(bytes, 100)).toMatchObject({ baseOffset: 42, lastOffset: 46 })
})
