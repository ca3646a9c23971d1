import { describe, expect, test } from 'vitest'
import { checkCompatibility } from '../../src/registry/compatibility/index.ts'
import { levels, passes } from './compat-row.ts'
import { compatibilityTable } from './compat-table.ts'

describe.each(['AVRO', 'JSON', 'PROTOBUF'] as const)('changes of %s schemas', format => {
  const rows = compatibilityTable.filter(row => row.format === format)

  test.each(rows)('$name: $expected', ({ old, new: schema, expected }) => {
    const found = levels.map(level => {
      const check = { format, level, proposed: { schema }, existing: [{ schema: old, version: 1 }] }
      const reasons = checkCompatibility(check)
      expect(reasons.every(({ message, path }) => message !== '' && path !== '')).toBe(true)
      return [level, reasons.length === 0 || reasons.map(({ type, path }) => `${type} ${path}`)]
    })
    const wanted = levels.map(level => [level, passes(expected, level)])
    const verdicts = found.map(([level, verdict]) => [level, verdict === true])
    expect(verdicts, JSON.stringify(found)).toEqual(wanted)
  })
})

test('the table has every change once', () => {
  const keys = compatibilityTable.map(({ format, name }) => `${format} ${name}`)
  expect(new Set(keys).size).toBe(keys.length)
  expect(keys.length).toBeGreaterThanOrEqual(80)
})
