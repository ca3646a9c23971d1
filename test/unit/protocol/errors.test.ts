import { expect, expectTypeOf, test } from 'vitest'
import {
  ERROR_TABLE,
  type ErrorEntry,
  type ErrorName,
  errorByCode,
  errorByName,
} from '../../../src/protocol/errors.ts'

test('errors are found by code and by name', () => {
  expect(errorByCode(6)).toMatchObject({
    name: 'NOT_LEADER_OR_FOLLOWER',
    retriable: true,
    refreshesMetadata: true,
  })
  expect(errorByName('MESSAGE_TOO_LARGE')).toMatchObject({ code: 10, retriable: false })
  expect(errorByName('NO_SUCH_NAME')).toBeUndefined()
})

test('a code that we do not know says so', () => {
  const entry = errorByCode(999)
  expect(entry).toMatchObject({ code: 999, name: 'UNKNOWN_SERVER_ERROR', retriable: false })
  expect(entry.text).toContain('999')
})

test('every row has its own code, name and sentence', () => {
  for (const of of ['code', 'name', 'text'] as const) {
    expect(new Set(ERROR_TABLE.map(entry => entry[of])).size, of).toBe(ERROR_TABLE.length)
  }
})

test('names are literal types', () => {
  expectTypeOf<'NOT_COORDINATOR'>().toExtend<ErrorName>()
  expectTypeOf(errorByName('NONE')).toEqualTypeOf<ErrorEntry>()
})
