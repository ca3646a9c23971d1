import { expect, test } from 'vitest'
import { KafkaError } from '../../../src/errors.ts'
import { encodeNow, plainContent } from '../../../src/producer/records.ts'
import { stringSerializer } from '../../../src/serializers.ts'

const tombstone = { topic: 'orders', key: 'ada' }

test('a record without a value is a tombstone', () => {
  expect(plainContent(tombstone).value).toBeUndefined()
  expect(encodeNow(tombstone, { value: stringSerializer }).value).toBeNull()
})

test('but one with messages in it would lose them', () => {
  const record = { ...tombstone, messages: [{ value: 'a book' }] }
  expect(() => plainContent(record)).toThrow(KafkaError)
  expect(() => plainContent(record)).toThrow(/"messages" and no value; give each to send\(\)/)
  expect(() => encodeNow(record, { value: stringSerializer })).toThrow(/"messages"/)
  expect(plainContent({ ...record, value: 'kept' })).toMatchObject({ value: 'kept' })
})
