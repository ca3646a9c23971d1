import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { jsonPrinter, type Printer, textPrinter } from '../../../src/cli/format.ts'
import { Output } from '../../../src/cli/output.ts'
import type { Message } from '../../../src/index.ts'

type Given = string | Buffer | null

interface Header {
  readonly key: string
  readonly value: Buffer | null
}

/** What a printer writes of one record, byte for byte. */
function printed(print: Printer, key: Given, value: Given, headers: Header[] = []): Buffer {
  const bytes = (part: Given) => (part === null ? null : Buffer.from(part))
  const place = { topic: 'orders', partition: 3, offset: 0, timestamp: 1_700_000_000_123 }
  const message = { ...place, key: bytes(key), value: bytes(value), headers }
  const stream = new PassThrough()
  const out = new Output(stream)
  print(message as Message, out)
  out.push()
  return stream.read() ?? Buffer.alloc(0)
}

const text = (format: string, key: Given, value: Given, headers: Header[] = []) =>
  printed(textPrinter(format, 'null'), key, value, headers).toString()

describe('a format', () => {
  it('has a letter for each part of a record', () => {
    const headers = [
      { key: 'a', value: Buffer.from('1') },
      { key: 'a', value: null },
    ]
    expect(text('%t [%p] @ %o %T %k %h %v\\n', 'key', 'value', headers)).toBe(
      'orders [3] @ 0 1700000000123 key a=1,a= value\n',
    )
  })

  it('tells sizes, and null from empty', () => {
    expect(text('%K %S', '', null)).toBe('0 -1')
    expect(text('%k|%v', '', null)).toBe('|null')
    expect(printed(textPrinter('%k', 'NIL'), null, '').toString()).toBe('NIL')
  })

  it('has escapes and plain text, percent signs too', () => {
    expect(text('100%% \\t\\x41\\\\ é\\n', null, 'v')).toBe('100% \tA\\ é\n')
    expect(text('', null, 'v')).toBe('')
  })

  it('writes keys and values as their bytes are', () => {
    const bytes = Buffer.from([0xff, 0x00, 0xc3, 0x28])
    expect(printed(textPrinter('%v', 'null'), null, bytes)).toEqual(bytes)
  })

  it('does not read a value as a format or an escape', () => {
    expect(text('%v', null, '%k \\n')).toBe('%k \\n')
  })

  it('refuses a letter that it does not know, and a percent sign at its end', () => {
    expect(() => textPrinter('%v %z', '')).toThrow(/--format has "%z"; it knows .*%t .*%v.* and %%/)
    expect(() => textPrinter('%', '')).toThrow('--format has "%"')
    expect(() => textPrinter('%\n', '')).toThrow('--format has "%\\n"')
  })
})

describe('a record as JSON', () => {
  const json = (key: Given, value: Given, headers: Header[] = []) =>
    JSON.parse(printed(jsonPrinter, key, value, headers).toString())

  it('has every field, null as null', () => {
    expect(json('k', null, [{ key: 'h', value: Buffer.from('x') }])).toEqual({
      topic: 'orders',
      partition: 3,
      offset: 0,
      timestamp: 1_700_000_000_123,
      key: 'k',
      value: null,
      headers: [{ key: 'h', value: 'x' }],
    })
  })

  it('has bytes that are no text as base64, and says so', () => {
    expect(json(null, Buffer.from([0xff]))).toMatchObject({
      key: null,
      value: '/w==',
      valueEncoding: 'base64',
    })
  })
})
