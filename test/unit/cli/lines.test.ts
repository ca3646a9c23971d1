import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineSplitter } from '../../../src/cli/lines.ts'

function linesOf(chunks: readonly Buffer[], limit = 1_000): (string | number)[] {
  const splitter = new LineSplitter(limit)
  const lines = [...chunks.flatMap(chunk => [...splitter.push(chunk)]), ...splitter.end()]
  return lines.map(line => ('overlong' in line ? line.overlong : line.toString('latin1')))
}

describe('LineSplitter', () => {
  it('gives the lines of a text, however it is cut into chunks', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\r', 'ÿ'), maxLength: 60 })
    fc.assert(
      fc.property(text, fc.array(fc.nat(60), { maxLength: 8 }), (whole, places) => {
        const bytes = Buffer.from(whole, 'latin1')
        const cuts = [0, ...places.toSorted((a, b) => a - b), bytes.length]
        const chunks = cuts.map((cut, i) => bytes.subarray(cut, cuts[i + 1] ?? bytes.length))
        const expected = whole.split('\n')
        if (expected.at(-1) === '') expected.pop()
        expect(linesOf(chunks)).toEqual(expected)
      }),
    )
  })

  it('keeps empty lines, and bytes that are no text', () => {
    expect(linesOf([Buffer.from([0xff, 0x0a, 0x0a, 0x00, 0x0a])])).toEqual(['\xff', '', '\0'])
  })

  it('counts an overlong line without keeping it, and goes on behind it', () => {
    const chunks = ['ab\n', 'x'.repeat(8), 'y'.repeat(8), 'z\ncd\n', 'w'.repeat(11)]
    expect(
      linesOf(
        chunks.map(text => Buffer.from(text)),
        10,
      ),
    ).toEqual(['ab', 17, 'cd', 11])
  })
})
