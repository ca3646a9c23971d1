import { describe, expect, it } from 'vitest'
import { link } from '../../../src/registry/protobuf/link.ts'
import { parseProto } from '../../../src/registry/protobuf/parser.ts'

describe('what is no .proto file', () => {
  it.each([
    [
      'an unknown sign',
      'syntax = "proto3"; message A { string a = 1; $ }',
      /line 1: "\$" is no part/,
    ],
    ['a field without a number', 'message A {\n  string a;\n}', /line 2: expected "=", got ";"/],
    ['an end within', 'message A { string a = 1;', /expected .*got the end of the file/],
    ['an unknown syntax', 'syntax = "proto4";', /"proto2" or "proto3"/],
    ['a number out of range', 'message A { string a = 19500; }', /outside of 19000 to 19999/],
    ['a map of floats', 'message A { map<float, string> a = 1; }', /map's key in place of float/],
    ['an open comment', 'message A { /* string a = 1; }', /line 1/],
    ['an open text', 'import "abc;', /line 1/],
  ])('%s', (_, text, message) => {
    expect(() => parseProto(text)).toThrow(message)
  })
  it('a type that nothing declares', () => {
    const file = parseProto('syntax = "proto3"; package a; message A { b.C c = 1; }')
    expect(() => link(file, [])).toThrow(/schema\.proto uses the type b\.C, which nothing declares/)
  })
  it('an import that is missing, or a loop of them', () => {
    const file = (name: string, imported: string) => parseProto(`import "${imported}";`, name)
    expect(() => link(file('a.proto', 'b.proto'), [])).toThrow(
      /a\.proto imports b\.proto, which is not/,
    )
    const loop = [file('b.proto', 'a.proto')]
    expect(() => link(file('a.proto', 'b.proto'), [...loop, file('a.proto', 'b.proto')])).toThrow(
      /a\.proto -> b\.proto -> a\.proto/,
    )
  })
  it('messages nested without end', () => {
    const deep = `${'message A { '.repeat(10_000)}${'}'.repeat(10_000)}`
    expect(() => parseProto(deep)).toThrow(/nested at most/)
    expect(() => parseProto('a'.repeat(3_000_000))).toThrow(/characters/)
  })
})

describe('words that are also names', () => {
  it('may name fields, messages and packages', () => {
    const text = `syntax = "proto3"; package message.enum;
      message message { string message = 1; repeated .message.enum.message optional = 2;
        oneof oneof { int32 reserved = 3; string option = 4; } map<string, int32> map = 5; }`
    const message = link(parseProto(text), []).getMessage('message.enum.message')
    const names = ['message', 'optional', 'reserved', 'option', 'map']
    expect(message?.fields.map(field => field.name)).toEqual(names)
  })
})
