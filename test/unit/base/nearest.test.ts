import { expect, test } from 'vitest'
import { nearest } from '../../../src/base/nearest.ts'

test.each([
  ['lingr.ms', ['linger.ms', 'log.level'], 'linger.ms'],
  ['linger_ms', ['retries', 'linger.ms'], 'linger.ms'],
  ['odrers', ['orders', 'payments'], 'orders'],
  ['t9', ['t1'], 't1'],
  ['zz', ['j1'], undefined],
  ['x', ['y', 'z'], undefined],
  ['', ['y', 'orders'], undefined],
  ['completely-else', ['orders', 'payments'], undefined],
])('nearest to %s among %o is %s', (word, candidates, wanted) => {
  expect(nearest(word, candidates)).toBe(wanted)
})
