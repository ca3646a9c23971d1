import { describe, expect, test } from 'vitest'
import { type Bounds, type ResetTarget, settle } from '../../../src/cli/groups/reset.ts'
import { durationMs, momentMs, signedNumber, topicScopes } from '../../../src/cli/groups/times.ts'
import { table } from '../../../src/cli/table.ts'

const slot = { topic: 't', partition: 0 }

describe('where a partition is reset to', () => {
  const log: Bounds = { start: 10, end: 100, time: 40, from: 50 }
  const cases: [ResetTarget, Partial<Bounds>, number, boolean][] = [
    [{ to: 'earliest' }, {}, 10, false],
    [{ to: 'latest' }, {}, 100, false],
    [{ to: 'offset', offset: 70 }, {}, 70, false],
    [{ to: 'offset', offset: 7 }, {}, 10, true],
    [{ to: 'offset', offset: 700 }, {}, 100, true],
    [{ to: 'time', timestamp: 1 }, {}, 40, false],
    // Later than every record: the end.
    [{ to: 'time', timestamp: 1 }, { time: -1 }, 100, false],
    [{ to: 'shift', by: -5 }, {}, 45, false],
    [{ to: 'shift', by: -50 }, {}, 10, true],
    [{ to: 'shift', by: 51 }, {}, 100, true],
    // An empty log.
    [{ to: 'offset', offset: 1 }, { start: 100 }, 100, true],
  ]
  test.each(cases)('%o in %o: %i', (target, bounds, offset, isClamped) => {
    const { from } = log
    expect(settle(slot, target, { ...log, ...bounds })).toEqual({
      ...slot,
      is: 'done',
      value: { ...slot, from, offset, isClamped },
    })
  })

  test('nothing can be shifted where nothing is committed', () => {
    const planned = settle(slot, { to: 'shift', by: 1 }, { ...log, from: undefined })
    expect(planned.is === 'failed' && planned.error.message).toContain('no offset in t [0]')
  })
})

describe('what is typed', () => {
  test.each([
    ['90m', 5_400_000],
    ['1d12h', 129_600_000],
    ['PT1H30M', 5_400_000],
    ['P1DT2S', 86_402_000],
    ['30s', 30_000],
  ])('the duration %s', (text, ms) => expect(durationMs(text)).toBe(ms))

  test.each(['', 'P', '1', 'an hour', '-1h', '1h1d'])('no duration: %o', text =>
    expect(() => durationMs(text)).toThrow('length of time'),
  )

  test.each([
    ['2026-11-21T09:30:00', '2026-11-21T09:30:00.000Z'],
    ['2026-11-21T09:30:00.250Z', '2026-11-21T09:30:00.250Z'],
    ['2026-11-21T09:30:00+02:00', '2026-11-21T07:30:00.000Z'],
    ['2026-11-21', '2026-11-21T00:00:00.000Z'],
  ])('the moment %s', (text, iso) => expect(new Date(momentMs(text)).toISOString()).toBe(iso))

  test.each(['now', '12:00', '2026-13-01', ''])('no moment: %o', text =>
    expect(() => momentMs(text)).toThrow('moment'),
  )

  test('numbers with a sign, and topics with partitions', () => {
    expect([signedNumber('-10'), signedNumber('+3'), signedNumber('0')]).toEqual([-10, 3, 0])
    expect(() => signedNumber('1.5')).toThrow('whole number')
    expect(topicScopes('b:0,2', topicScopes('a'))).toEqual([
      { topic: 'a', partitions: undefined },
      { topic: 'b', partitions: [0, 2] },
    ])
    for (const text of ['', ':0', 'a:', 'a:x', 'a:0,']) {
      expect(() => topicScopes(text)).toThrow('It must be a topic')
    }
  })
})

test('a table that is wider than the terminal becomes a block for each row', () => {
  const columns = [{ heading: '  topic' }, { heading: 'lag', numbers: true }]
  const rows = [
    ['  orders', 5],
    ['  a-long-name', 100],
  ]
  expect(table(columns, rows, 19)).toEqual([
    '  topic        lag',
    '  orders         5',
    '  a-long-name  100',
  ])
  expect(table(columns, rows, 17)).toEqual([
    'topic: orders',
    'lag: 5',
    '',
    'topic: a-long-name',
    'lag: 100',
  ])
})
