import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { crc32c, crc32cInJavaScript } from '../../../src/records/crc32c.ts'
import { forbidNatives } from '../../../src/records/native.ts'

afterEach(() => forbidNatives(false))

describe.each([
  ['native', false],
  ['in JavaScript', true],
])('crc32c, %s', (_, forbidden) => {
  it('gives the values of RFC 3720', () => {
    forbidNatives(forbidden)
    const ascending = Buffer.from(Array.from({ length: 32 }, (_, i) => i))
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa)
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43)
    expect(crc32c(ascending)).toBe(0x46dd794e)
    expect(crc32c(ascending.reverse())).toBe(0x113fdb5c)
    expect(crc32c(Buffer.alloc(0))).toBe(0)
  })

  it('goes on from a seed', () => {
    forbidNatives(forbidden)
    const bytes = Buffer.from('records come in chunks')
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(crc32c(bytes))
    }
  })
})

it('is the same both ways', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(0xffffffff), (bytes, seed) => {
      expect(crc32cInJavaScript(bytes, seed)).toBe(crc32c(bytes, seed))
    }),
    { seed: 3 },
  )
})
