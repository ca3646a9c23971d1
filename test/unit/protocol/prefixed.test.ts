import { expect, test } from 'vitest'
import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
  ControlRecordType,
  decodeVersioned,
  EndTransactionMarker,
  encodeVersioned,
} from '../../../src/protocol/index.ts'

test('a message carries its version before it', () => {
  const assignment = { assignedPartitions: [{ topic: 'a', partitions: [0, 2] }], userData: null }
  const bytes = encodeVersioned(ConsumerProtocolAssignment, 1, assignment)
  expect(bytes.toString('hex')).toBe(
    '0001' + '00000001' + '000161' + '00000002' + '00000000' + '00000002' + 'ffffffff',
  )
  expect(decodeVersioned(ConsumerProtocolAssignment, bytes)).toEqual(assignment)
})

test('a version above ours is read as far as we know it', () => {
  const bytes = encodeVersioned(ConsumerProtocolSubscription, 3, { topics: ['a'], rackId: 'r1' })
  bytes.writeInt16BE(9)
  const later = Buffer.concat([bytes, Buffer.from('what comes later')])
  expect(decodeVersioned(ConsumerProtocolSubscription, later)).toMatchObject({ rackId: 'r1' })
})

test('a version below zero is refused', () => {
  const bytes = Buffer.from('ffff' + '00000000' + 'ffffffff', 'hex')
  expect(() => decodeVersioned(ConsumerProtocolAssignment, bytes)).toThrow('version -1')
})

test('the records that end a transaction', () => {
  expect(encodeVersioned(ControlRecordType, 0, { type: 1 }).toString('hex')).toBe('00000001')
  const marker = encodeVersioned(EndTransactionMarker, 0, { coordinatorEpoch: 7 })
  expect(marker.toString('hex')).toBe('000000000007')
})
