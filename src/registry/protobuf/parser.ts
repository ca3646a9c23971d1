import { create } from '@bufbuild/protobuf'
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  Edition,
  type EnumDescriptorProto,
  EnumDescriptorProtoSchema,
  EnumOptionsSchema,
  EnumValueDescriptorProtoSchema,
  EnumValueOptionsSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileOptionsSchema,
  MessageOptionsSchema,
  MethodDescriptorProtoSchema,
  ServiceDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt'
import { Cursor } from './cursor.ts'
import { type FieldHome, readField, readMapField, readOneof, settleOptionals } from './fields.ts'
import { readOption } from './options.ts'

/** Past the largest field number, 2^29 - 1, and the largest of an enum. */
const endOfFields = 2 ** 29
const lastOfEnum = 2 ** 31 - 1
/** Deeper than messages are ever nested; the parser calls itself once a level. */
const maxDepth = 50

/**
 * The descriptor of a `.proto` file (proto2, proto3 or an edition), as protoc makes it but for
 * type names: those stand as in the text until `link` finds what they mean. Throws a SchemaProblem
 * that names the line.
 */
export function parseProto(source: string, name = 'schema.proto'): FileDescriptorProto {
  const cursor = new Cursor(source)
  const file = create(FileDescriptorProtoSchema, { name })
  readSyntax(cursor, file)
  while (cursor.next.is !== 'end') readTopLevel(cursor, file)
  return file
}

function readSyntax(cursor: Cursor, file: FileDescriptorProto): void {
  if (cursor.is('syntax') && cursor.secondIs('=')) {
    cursor.take()
    cursor.take()
    const syntax = cursor.text('"proto2" or "proto3"').toString()
    if (syntax !== 'proto2' && syntax !== 'proto3') throw cursor.wrong('"proto2" or "proto3"')
    // protoc leaves proto2 unsaid.
    if (syntax === 'proto3') file.syntax = syntax
    cursor.expect(';')
  } else if (cursor.is('edition') && cursor.secondIs('=')) {
    cursor.take()
    cursor.take()
    const edition = cursor.text('an edition, such as "2023"').toString()
    const known = editions.get(edition)
    if (known === undefined) throw cursor.wrong('the edition "2023" or "2024"')
    file.syntax = 'editions'
    file.edition = known
    cursor.expect(';')
  }
}

const editions = new Map([
  ['2023', Edition.EDITION_2023],
  ['2024', Edition.EDITION_2024],
])

function readTopLevel(cursor: Cursor, file: FileDescriptorProto): void {
  if (cursor.skip(';')) return
  if (cursor.skip('package')) {
    file.package = cursor.name('the name of the package')
    cursor.expect(';')
  } else if (cursor.skip('import')) readImport(cursor, file)
  else if (cursor.skip('option')) {
    file.options ??= create(FileOptionsSchema)
    readOption(cursor, FileOptionsSchema, file.options)
    cursor.expect(';')
  } else if (cursor.skip('message')) file.messageType.push(readMessage(cursor, file, 0))
  else if (cursor.skip('enum')) file.enumType.push(readEnum(cursor))
  else if (cursor.skip('extend')) {
    readExtend(cursor, file, { extension: file.extension, nested: file.messageType }, 0)
  } else if (cursor.skip('service')) readService(cursor, file)
  else throw cursor.wrong('message, enum, import, option, extend or service')
}

function readImport(cursor: Cursor, file: FileDescriptorProto): void {
  const at = file.dependency.length
  if (cursor.skip('public')) file.publicDependency.push(at)
  else if (cursor.skip('weak')) file.weakDependency.push(at)
  file.dependency.push(cursor.text('the path of a file').toString('utf8'))
  cursor.expect(';')
}

/** A message from its name on; `message` itself was read. */
export function readMessage(
  cursor: Cursor,
  file: FileDescriptorProto,
  depth: number,
): DescriptorProto {
  const message = create(DescriptorProtoSchema, { name: cursor.word('the name of a message') })
  readMessageBody(cursor, file, message, depth)
  return message
}

export function readMessageBody(
  cursor: Cursor,
  file: FileDescriptorProto,
  message: DescriptorProto,
  depth: number,
): void {
  if (depth > maxDepth) throw cursor.wrong(`messages nested at most ${maxDepth} deep`)
  const home: FieldHome = {
    file,
    fields: message.field,
    nested: message.nestedType,
    oneofs: message.oneofDecl,
    group: (inner, body) => readMessageBody(inner, file, body, depth + 1),
  }
  cursor.expect('{')
  while (!cursor.skip('}')) readMember(cursor, message, home, depth)
  settleOptionals(message)
}

function readMember(
  cursor: Cursor,
  message: DescriptorProto,
  home: FieldHome,
  depth: number,
): void {
  const { file } = home
  if (cursor.skip(';')) return
  // As in protoc, these words are no names of types, though fields may be called by them.
  if (cursor.skip('message')) {
    message.nestedType.push(readMessage(cursor, file, depth + 1))
  } else if (cursor.skip('enum')) message.enumType.push(readEnum(cursor))
  else if (cursor.skip('oneof')) readOneof(cursor, home)
  else if (cursor.skip('extend')) {
    readExtend(cursor, file, { extension: message.extension, nested: message.nestedType }, depth)
  } else if (cursor.skip('option')) {
    message.options ??= create(MessageOptionsSchema)
    readOption(cursor, MessageOptionsSchema, message.options)
    cursor.expect(';')
  } else if (cursor.skip('reserved')) {
    readReserved(cursor, message, endOfFields, 1)
  } else if (cursor.skip('extensions')) {
    for (const range of readRanges(cursor, endOfFields, 1)) {
      message.extensionRange.push({ $typeName: extensionRangeName, ...range })
    }
    skipBrackets(cursor)
    cursor.expect(';')
  } else if (cursor.is('map') && cursor.secondIs('<')) readMapField(cursor, home)
  else readField(cursor, home)
}

const extensionRangeName = 'google.protobuf.DescriptorProto.ExtensionRange'
const reservedRangeName = 'google.protobuf.DescriptorProto.ReservedRange'
const enumRangeName = 'google.protobuf.EnumDescriptorProto.EnumReservedRange'

function readExtend(
  cursor: Cursor,
  file: FileDescriptorProto,
  into: { extension: FieldHome['fields']; nested: DescriptorProto[] },
  depth: number,
): void {
  const extendee = cursor.name('the name of the message to extend')
  const home: FieldHome = {
    file,
    fields: into.extension,
    nested: into.nested,
    oneofs: [],
    extendee,
    group: (inner, body) => readMessageBody(inner, file, body, depth + 1),
  }
  cursor.expect('{')
  while (!cursor.skip('}')) if (!cursor.skip(';')) readField(cursor, home)
}

function readEnum(cursor: Cursor): EnumDescriptorProto {
  const made = create(EnumDescriptorProtoSchema, { name: cursor.word('the name of an enum') })
  cursor.expect('{')
  while (!cursor.skip('}')) {
    if (cursor.skip(';')) continue
    if (cursor.skip('option')) {
      made.options ??= create(EnumOptionsSchema)
      readOption(cursor, EnumOptionsSchema, made.options)
      cursor.expect(';')
    } else if (cursor.skip('reserved')) {
      readReserved(cursor, made, lastOfEnum, 0)
    } else made.value.push(readEnumValue(cursor))
  }
  return made
}

function readEnumValue(cursor: Cursor): EnumDescriptorProto['value'][number] {
  const value = create(EnumValueDescriptorProtoSchema, { name: cursor.word('a value of the enum') })
  cursor.expect('=')
  value.number = cursor.integer('the number of the value')
  if (cursor.skip('[')) {
    const options = create(EnumValueOptionsSchema)
    do {
      readOption(cursor, EnumValueOptionsSchema, options)
    } while (cursor.skip(','))
    cursor.expect(']')
    value.options = options
  }
  cursor.expect(';')
  return value
}

/** Numbers or names that must not be used again; `past` is 1 where ranges end before their end. */
function readReserved(
  cursor: Cursor,
  into: DescriptorProto | EnumDescriptorProto,
  last: number,
  past: number,
): void {
  if (cursor.next.is === 'number' || cursor.is('-')) {
    for (const range of readRanges(cursor, last, past)) {
      if (into.$typeName === 'google.protobuf.DescriptorProto') {
        into.reservedRange.push({ $typeName: reservedRangeName, ...range })
      } else into.reservedRange.push({ $typeName: enumRangeName, ...range })
    }
  } else {
    do {
      const quoted = cursor.next.is === 'text'
      const name = quoted ? cursor.text('a name').toString() : cursor.word('a name or number')
      into.reservedName.push(name)
    } while (cursor.skip(','))
  }
  cursor.expect(';')
}

function readRanges(cursor: Cursor, last: number, past: number): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = []
  do {
    const start = cursor.integer('a number')
    let end = start + past
    if (cursor.skip('to')) end = cursor.skip('max') ? last : cursor.integer('a number') + past
    ranges.push({ start, end })
  } while (cursor.skip(','))
  return ranges
}

function skipBrackets(cursor: Cursor): void {
  if (!cursor.skip('[')) return
  while (!cursor.skip(']')) if (cursor.take().is === 'end') throw cursor.wrong('"]"')
}

function readService(cursor: Cursor, file: FileDescriptorProto): void {
  const service = create(ServiceDescriptorProtoSchema, {
    name: cursor.word('the name of a service'),
  })
  cursor.expect('{')
  while (!cursor.skip('}')) {
    if (cursor.skip(';')) continue
    if (cursor.skip('option')) skipOption(cursor)
    else {
      cursor.expect('rpc')
      const method = create(MethodDescriptorProtoSchema, { name: cursor.word('a method') })
      const [input, clientStreaming] = readMethodType(cursor)
      cursor.expect('returns')
      const [output, serverStreaming] = readMethodType(cursor)
      method.inputType = input
      method.outputType = output
      if (clientStreaming) method.clientStreaming = true
      if (serverStreaming) method.serverStreaming = true
      readMethodBody(cursor)
      service.method.push(method)
    }
  }
  file.service.push(service)
}

function readMethodType(cursor: Cursor): [type: string, streaming: boolean] {
  cursor.expect('(')
  const streaming = cursor.is('stream') && !cursor.secondIs('.') && !cursor.secondIs(')')
  if (streaming) cursor.take()
  const type = cursor.name('the name of a message')
  cursor.expect(')')
  return [type, streaming]
}

/** Services carry no records: their options are passed over. */
function readMethodBody(cursor: Cursor): void {
  if (cursor.skip(';')) return
  cursor.expect('{')
  while (!cursor.skip('}')) {
    if (cursor.skip(';')) continue
    cursor.expect('option')
    skipOption(cursor)
  }
}

function skipOption(cursor: Cursor): void {
  const options = create(FileOptionsSchema)
  readOption(cursor, FileOptionsSchema, options)
  cursor.expect(';')
}
