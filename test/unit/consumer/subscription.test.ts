import { expect, test } from 'vitest'
import { decodeAssignment, decodeSubscription } from '../../../src/consumer/group/subscription.ts'
import { WireError } from '../../../src/wire/reader.ts'

test('a version below zero, which nobody has, is refused as bytes that can not be read', () => {
  const bytes = Buffer.from('ffff00000001000161ffffffff', 'hex')
  expect(() => decodeSubscription(bytes)).toThrow(WireError)
  expect(() => decodeAssignment(bytes)).toThrow(WireError)
})

test('a version to come is read as far as ours goes', () => {
  const bytes = Buffer.from('7fff00000001000161ffffffff00000000ffffffffffff99', 'hex')
  expect(decodeSubscription(bytes)).toMatchObject({ topics: ['a'], userData: null })
})
