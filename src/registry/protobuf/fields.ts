import { create } from '@bufbuild/protobuf'
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  type FileDescriptorProto,
  FieldDescriptorProto_Label as Label,
  MessageOptionsSchema,
  type OneofDescriptorProto,
  OneofDescriptorProtoSchema,
  OneofOptionsSchema,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt'
import { type Constant, type Cursor, integerOf } from './cursor.ts'
import { readOption } from './options.ts'
import { escapedBytes } from './tokens.ts'

/** Where the fields that are read now go. */
export interface FieldHome {
  readonly file: FileDescriptorProto
  readonly fields: FieldDescriptorProto[]
  /** For the messages that groups and maps bring with them. */
  readonly nested: DescriptorProto[]
  readonly oneofs: OneofDescriptorProto[]
  /** The message that these fields extend. */
  readonly extendee?: string
  /** Reads the body of a group. */
  group(cursor: Cursor, body: DescriptorProto): void
}

const scalars = new Map<string, Type>([
  ['double', Type.DOUBLE],
  ['float', Type.FLOAT],
  ['int64', Type.INT64],
  ['uint64', Type.UINT64],
  ['int32', Type.INT32],
  ['fixed64', Type.FIXED64],
  ['fixed32', Type.FIXED32],
  ['bool', Type.BOOL],
  ['string', Type.STRING],
  ['bytes', Type.BYTES],
  ['uint32', Type.UINT32],
  ['sfixed32', Type.SFIXED32],
  ['sfixed64', Type.SFIXED64],
  ['sint32', Type.SINT32],
  ['sint64', Type.SINT64],
])

const labels = new Map<string, Label>([
  ['optional', Label.OPTIONAL],
  ['required', Label.REQUIRED],
  ['repeated', Label.REPEATED],
])

/** The last number that a field may have, and those that Protobuf keeps to itself. */
const maxNumber = 2 ** 29 - 1

/** One field, with its label if there is one; within a oneof, `oneofIndex` says which. */
export function readField(cursor: Cursor, home: FieldHome, oneofIndex?: number): void {
  const field = create(FieldDescriptorProtoSchema, { label: Label.OPTIONAL })
  const label = labels.get(cursor.next.value)
  if (label !== undefined && oneofIndex === undefined) {
    cursor.take()
    field.label = label
    if (label === Label.OPTIONAL && home.file.syntax === 'proto3') field.proto3Optional = true
  }
  if (home.extendee !== undefined) field.extendee = home.extendee
  if (oneofIndex !== undefined) field.oneofIndex = oneofIndex
  if (cursor.is('group')) return readGroup(cursor, home, field)
  setType(field, cursor.name('the type of a field'))
  field.name = cursor.word('the name of a field')
  readNumberAndOptions(cursor, field)
  cursor.expect(';')
  home.fields.push(field)
}

/** A group (proto2) is a field and a message in one; its field has the name in lower case. */
function readGroup(cursor: Cursor, home: FieldHome, field: FieldDescriptorProto): void {
  cursor.expect('group')
  const name = cursor.word('the name of a group')
  field.type = Type.GROUP
  field.typeName = name
  field.name = name.toLowerCase()
  readNumberAndOptions(cursor, field)
  home.fields.push(field)
  const body = create(DescriptorProtoSchema, { name })
  home.nested.push(body)
  home.group(cursor, body)
}

/** `map<key, value>` is a repeated message of a key and a value, which is made up for it. */
export function readMapField(cursor: Cursor, home: FieldHome): void {
  cursor.expect('map')
  cursor.expect('<')
  const key = entryField('key', 1)
  const keyType = cursor.name("the type of the map's keys")
  const scalar = scalars.get(keyType)
  if (scalar === undefined || unfitKeys.has(scalar)) {
    throw cursor.wrong(`an integer, bool or string as the map's key in place of ${keyType}`)
  }
  key.type = scalar
  cursor.expect(',')
  const value = entryField('value', 2)
  setType(value, cursor.name("the type of the map's values"))
  cursor.expect('>')
  const name = cursor.word('the name of a field')
  const entry = `${camel(name, true)}Entry`
  const field = create(FieldDescriptorProtoSchema, { name, label: Label.REPEATED })
  field.type = Type.MESSAGE
  field.typeName = entry
  readNumberAndOptions(cursor, field)
  cursor.expect(';')
  home.fields.push(field)
  const options = create(MessageOptionsSchema, { mapEntry: true })
  home.nested.push(create(DescriptorProtoSchema, { name: entry, field: [key, value], options }))
}

const unfitKeys: ReadonlySet<Type> = new Set([Type.DOUBLE, Type.FLOAT, Type.BYTES])

function entryField(name: 'key' | 'value', number: number): FieldDescriptorProto {
  return create(FieldDescriptorProtoSchema, { name, number, label: Label.OPTIONAL, jsonName: name })
}

export function readOneof(cursor: Cursor, home: FieldHome): void {
  const oneof = create(OneofDescriptorProtoSchema, { name: cursor.word('the name of a oneof') })
  const index = home.oneofs.push(oneof) - 1
  cursor.expect('{')
  while (!cursor.skip('}')) {
    if (cursor.skip(';')) continue
    if (cursor.skip('option')) {
      oneof.options ??= create(OneofOptionsSchema)
      readOption(cursor, OneofOptionsSchema, oneof.options)
      cursor.expect(';')
    } else readField(cursor, home, index)
  }
}

/** A proto3 `optional` field is alone in a oneof of its own; those come after the real ones. */
export function settleOptionals(message: DescriptorProto): void {
  const taken = new Set(message.field.map(field => field.name))
  for (const oneof of message.oneofDecl) taken.add(oneof.name)
  for (const field of message.field) {
    if (!field.proto3Optional) continue
    let name = field.name.startsWith('_') ? field.name : `_${field.name}`
    while (taken.has(name)) name = `X${name}`
    taken.add(name)
    field.oneofIndex = message.oneofDecl.push(create(OneofDescriptorProtoSchema, { name })) - 1
  }
}

function setType(field: FieldDescriptorProto, name: string): void {
  const scalar = scalars.get(name)
  // Whether another name is a message's or an enum's is known when all files are together.
  if (scalar === undefined) field.typeName = name
  else field.type = scalar
}

function readNumberAndOptions(cursor: Cursor, field: FieldDescriptorProto): void {
  cursor.expect('=')
  const number = cursor.integer('the number of a field')
  if (number < 1 || number > maxNumber || (number >= 19_000 && number < 20_000)) {
    throw cursor.wrong(`a field number from 1 to ${maxNumber}, outside of 19000 to 19999`)
  }
  field.number = number
  field.jsonName = camel(field.name, false)
  if (!cursor.skip('[')) return
  const options = create(FieldOptionsSchema)
  let given = 0
  do {
    const { name, value } = readOption(cursor, FieldOptionsSchema, options)
    if (name === 'default') field.defaultValue = defaultText(field, value)
    else if (name === 'json_name') field.jsonName = String(value.is === 'group' ? '' : value.value)
    else given++
  } while (cursor.skip(','))
  cursor.expect(']')
  if (given > 0) field.options = options
}

/** A default as a descriptor has it: numbers in decimal, bytes with C's escapes. */
function defaultText(field: FieldDescriptorProto, constant: Constant): string {
  if (constant.is === 'group') return ''
  if (constant.is === 'text') {
    return field.type === Type.BYTES
      ? escapedBytes(constant.value)
      : constant.value.toString('utf8')
  }
  if (constant.is === 'word') return constant.value === '-nan' ? 'nan' : constant.value
  const negative = constant.value.startsWith('-')
  const plain = negative ? constant.value.slice(1) : constant.value
  const integer = integerOf(plain)
  if (!Number.isNaN(integer)) {
    const exact = /^0[0-7]+$/.test(plain) ? BigInt(`0o${plain.slice(1)}`) : BigInt(plain)
    return `${negative ? '-' : ''}${exact}`
  }
  return String(Number.parseFloat(constant.value))
}

/** `total_price` -> `totalPrice` or `TotalPrice`: protoc's names in JSON, and of maps' messages. */
function camel(name: string, first: boolean): string {
  let upper = first
  let out = ''
  for (const letter of name) {
    if (letter === '_') upper = true
    else {
      out += upper ? letter.toUpperCase() : letter
      upper = false
    }
  }
  return out
}
