import { expect, test } from 'vitest'
import { main } from '../../examples/schema-registry.ts'

test('the guide: a schema evolves, and a breaking change is refused before it is sent', async () => {
  const lines: string[] = []
  await main(line => lines.push(line))
  expect(lines.slice(0, 2)).toEqual([
    'version 1: an order at offset 0',
    'version 2: an order at offset 1',
  ])
  const refusal = lines[2] ?? ''
  expect(refusal).toContain('INCOMPATIBLE_SCHEMA (409)')
  expect(refusal).toContain("the field 'customer' of the new schema has no default value")
  expect(refusal).toContain('/fields/2')
  expect(lines.slice(3)).toEqual([
    'versions of orders-value: 1, 2',
    'an old order read today: {"id":"1","amount":12.5,"currency":"EUR"}',
  ])
})
