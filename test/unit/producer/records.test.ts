import { expect, test } from 'vitest'
import { KafkaError } from '../../../src/errors.ts'
import { checkRecord, encodeNow, headerList, plainContent } from '../../../src/producer/records.ts'
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

test.each<[unknown, RegExp]>([
  [undefined, /a record must be an object, as \{ topic, key, value \}, got undefined$/],
  [null, /got null$/],
  ['orders', /got string$/],
  [[tombstone], /got Array; sendBatch\(\) takes a list of them$/],
  [{ value: 'x' }, /the topic of a record must be a name, got undefined$/],
])('%o is no record', (given, message) => {
  const check = () => Reflect.apply(checkRecord, undefined, [given])
  expect(check).toThrow(KafkaError)
  expect(check).toThrow(message)
})

test.each<[unknown, string]>([
  ['a=b', 'a=b'],
  [null, 'null'],
  [7, '7'],
])('%o is no headers', (headers, got) => {
  const read = () => Reflect.apply(headerList, undefined, [headers])
  expect(read).toThrow(KafkaError)
  expect(read).toThrow(
    `the headers of a record must be an object, or a list of { key, value }, got ${got}`,
  )
})
