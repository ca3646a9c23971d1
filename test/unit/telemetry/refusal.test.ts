import { expect, test } from 'vitest'
import { errorByName } from '../../../src/protocol/errors.ts'
import { askAgainMs } from '../../../src/telemetry/refusal.ts'

test.each([
  ['INVALID_REQUEST', undefined],
  ['INVALID_RECORD', undefined],
  ['UNSUPPORTED_VERSION', undefined],
  ['UNKNOWN_SUBSCRIPTION_ID', 0],
  ['UNSUPPORTED_COMPRESSION_TYPE', 0],
  ['TELEMETRY_TOO_LARGE', 7_000],
  ['THROTTLING_QUOTA_EXCEEDED', 7_000],
  ['UNKNOWN_SERVER_ERROR', 7_000],
])('after %s a broker is asked anew in %s ms', (name, ms) => {
  expect(askAgainMs(errorByName(name)!.code, 7_000)).toBe(ms)
})

test('a broker that has not said how often is asked again in five minutes', () => {
  expect(askAgainMs(errorByName('THROTTLING_QUOTA_EXCEEDED').code, 0)).toBe(300_000)
})
