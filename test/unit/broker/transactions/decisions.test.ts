import { describe, expect, test } from 'vitest'
import { decideAdd, decideVerify } from '../../../../src/broker/transactions/decide-add.ts'
import { completed, decideEnd, fence } from '../../../../src/broker/transactions/decide-end.ts'
import { decideInit } from '../../../../src/broker/transactions/decide-init.ts'
import {
  keyBytes,
  readTransactionRecord,
  stateBytes,
} from '../../../../src/broker/transactions/records.ts'
import type { Ongoing, TransactionState } from '../../../../src/broker/transactions/states.ts'

const identity = {
  producerId: 7n,
  producerEpoch: 3,
  previousProducerId: -1n,
  lastProducerEpoch: -1,
  timeoutMs: 1_000,
  clientVersion: 2,
  updatedMs: 5,
}
const part = { topic: 't', partition: 1 }
const parts = new Map([['t-1', part]])
const empty: TransactionState = { ...identity, is: 'Empty' }
const ongoing: Ongoing = { ...identity, is: 'Ongoing', startMs: 4, parts }
const init = { timeoutMs: 2_000, held: undefined, freshId: 99n, nowMs: 10 }
const end = { producerId: 7n, committed: true, freshId: 99n, nowMs: 10 }
const EXHAUSTED = 32_766

describe('a producer id that has no epochs left', () => {
  const exhausted: TransactionState = { ...empty, producerEpoch: EXHAUSTED }

  test('is replaced at the next init, and the answer given again to who asks again', () => {
    const held = { producerId: 7n, producerEpoch: EXHAUSTED }
    const verdict = decideInit(exhausted, { ...init, held })
    expect(verdict).toMatchObject({
      is: 'given',
      state: { producerId: 99n, producerEpoch: 0, previousProducerId: 7n },
    })
    if (verdict.is !== 'given') return
    const again = decideInit(verdict.state, { ...init, held, freshId: 100n })
    expect(again).toMatchObject({ is: 'given', state: { producerId: 99n, producerEpoch: 0 } })
  })

  test('ends its last transaction under the last epoch, and goes on with the new id', () => {
    const last: Ongoing = { ...ongoing, producerEpoch: EXHAUSTED }
    const question = { ...end, producerEpoch: EXHAUSTED, bumpsEpoch: true }
    const verdict = decideEnd(last, question)
    expect(verdict).toMatchObject({
      is: 'prepared',
      state: { is: 'PrepareCommit', producerId: 7n, producerEpoch: 32_767, nextProducerId: 99n },
    })
    if (verdict.is !== 'prepared') return
    const complete = completed(verdict.state, 20)
    expect(complete).toMatchObject({ is: 'CompleteCommit', producerId: 99n, producerEpoch: 0 })
    expect(decideEnd(complete, question)).toEqual({ is: 'done' })
    expect(decideEnd(complete, { ...question, committed: false })).toMatchObject({
      error: 'INVALID_TXN_STATE',
    })
  })

  test('can still be shut out, and its owner goes on with a new one', () => {
    const prepared = fence({ ...ongoing, producerEpoch: EXHAUSTED }, true, 10)
    expect(prepared).toMatchObject({ is: 'PrepareAbort', producerEpoch: 32_767 })
    const held = { producerId: 7n, producerEpoch: EXHAUSTED }
    expect(decideInit(completed(prepared, 11), { ...init, held })).toMatchObject({
      state: { producerId: 99n, producerEpoch: 0 },
    })
  })
})

test('while the markers are being written, everybody has to wait', () => {
  const question = { ...end, producerEpoch: 3, bumpsEpoch: true }
  const verdict = decideEnd(ongoing, question)
  if (verdict.is !== 'prepared') throw new Error(verdict.is)
  const { state } = verdict
  expect(state.producerEpoch).toBe(4)
  const busy = { is: 'refused', error: 'CONCURRENT_TRANSACTIONS' }
  // The same end again, the opposite one, and that of the next transaction, whose epoch is right.
  expect(decideEnd(state, question)).toEqual(busy)
  expect(decideEnd(state, { ...question, committed: false })).toEqual(busy)
  expect(decideEnd(state, { ...question, producerEpoch: 4, committed: false })).toEqual(busy)
  const next = { producerId: 7n, producerEpoch: 4, parts: [part], nowMs: 11 }
  expect(decideAdd(state, next)).toEqual(busy)
  expect(decideAdd(state, { ...next, producerEpoch: 9 })).toEqual(busy)
  expect(decideVerify(state, next, part)).toBe('CONCURRENT_TRANSACTIONS')
  expect(decideVerify(state, { ...next, producerEpoch: 9 }, part)).toBe('PRODUCER_FENCED')
  expect(decideInit(state, init)).toEqual(busy)
  const first = { ...question, bumpsEpoch: false }
  const kept = decideEnd(ongoing, first)
  if (kept.is !== 'prepared') throw new Error(kept.is)
  expect(kept.state.producerEpoch).toBe(3)
  expect(decideEnd(kept.state, first)).toEqual(busy)
  expect(decideEnd(kept.state, { ...first, producerEpoch: 2 })).toMatchObject({
    error: 'PRODUCER_FENCED',
  })
})

test('adding what is there already changes nothing; the start stays that of the first', () => {
  const add = { producerId: 7n, producerEpoch: 3, parts: [part], nowMs: 11 }
  expect(decideAdd(ongoing, add)).toEqual({ is: 'known' })
  const more = decideAdd(ongoing, { ...add, parts: [part, { topic: 'u', partition: 0 }] })
  expect(more).toMatchObject({ is: 'added', state: { startMs: 4 } })
  expect(decideAdd(empty, add)).toMatchObject({ is: 'added', state: { startMs: 11, parts } })
})

test('every state comes back from the log as it went', () => {
  const kept = { ...identity, lastProducerEpoch: 2 }
  const states: TransactionState[] = [
    { ...kept, is: 'Empty' },
    { ...kept, is: 'Ongoing', startMs: 4, parts },
    { ...kept, is: 'PrepareCommit', startMs: 4, parts, nextProducerId: 12n },
    { ...kept, is: 'PrepareAbort', startMs: 4, parts, nextProducerId: -1n },
    { ...kept, is: 'CompleteCommit', startMs: 4 },
    { ...kept, is: 'CompleteAbort', startMs: 4, previousProducerId: 6n },
  ]
  for (const state of states) {
    const read = readTransactionRecord(keyBytes('id'), stateBytes(state))
    expect(read).toEqual({ transactionalId: 'id', state })
  }
  expect(readTransactionRecord(keyBytes('id'), null).state).toBeNull()
})
