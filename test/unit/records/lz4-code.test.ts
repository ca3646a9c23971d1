import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { lz4Code } from '../../../scripts/wasm.ts'
import { Lz4Machine } from '../../../src/records/compression/lz4-machine.ts'
import { codecByName, RecordsError } from '../../../src/records/index.ts'

test('the code is what its source makes', async () => {
  const path = new URL('../../../src/records/compression/lz4-code.ts', import.meta.url)
  expect(await readFile(path, 'utf8')).toBe(await lz4Code())
})

test('a machine whose memory has grown for one large batch is not kept', () => {
  const { compressSync, decompressSync } = codecByName('lz4')
  const large = Buffer.alloc(40_000_000, 'a pattern that is long enough to be no single run ')
  expect(decompressSync(compressSync(large), large.length).equals(large)).toBe(true)
  expect(() => decompressSync(compressSync(large), 30_000_000)).toThrow(RecordsError)
  const machine = new Lz4Machine()
  expect(machine.memory(1_000_000).length).toBeGreaterThanOrEqual(1_000_000)
  expect(machine.isLarge).toBe(false)
  machine.memory(17_000_000)
  expect(machine.isLarge).toBe(true)
})
