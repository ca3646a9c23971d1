import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'
import {
  type EnumDescriptorProto,
  type FileDescriptorProto,
  FeatureSet_FieldPresence as Presence,
} from '@bufbuild/protobuf/wkt'
import { ProtobufSchema } from '../protobuf/schema.ts'
import { SchemaProblem } from '../serde/format.ts'
import { InvalidSchemaError, type SchemaText } from './types.ts'

/** Types of one kind have the same bytes on the wire, or bytes that each can read. */
const scalarKinds = {
  [ScalarType.INT32]: 'number',
  [ScalarType.INT64]: 'number',
  [ScalarType.UINT32]: 'number',
  [ScalarType.UINT64]: 'number',
  [ScalarType.BOOL]: 'number',
  [ScalarType.SINT32]: 'signed number',
  [ScalarType.SINT64]: 'signed number',
  [ScalarType.FIXED32]: 'fixed32',
  [ScalarType.SFIXED32]: 'fixed32',
  [ScalarType.FIXED64]: 'fixed64',
  [ScalarType.SFIXED64]: 'fixed64',
  [ScalarType.FLOAT]: 'float',
  [ScalarType.DOUBLE]: 'double',
  [ScalarType.STRING]: 'text',
  [ScalarType.BYTES]: 'text',
} as const
export type ScalarKind = (typeof scalarKinds)[ScalarType]

export type FieldType =
  | { readonly is: 'scalar'; readonly name: string; readonly kind: ScalarKind }
  | { readonly is: 'message'; readonly message: Message }
  | { readonly is: 'map'; readonly key: FieldType; readonly value: FieldType }

export interface ProtoField {
  readonly number: number
  readonly name: string
  readonly label: 'single' | 'required' | 'repeated'
  readonly oneof?: string
  readonly type: FieldType
}

export interface Message {
  /** Without the package, if it is of the file itself; with it, if it is imported. */
  readonly name: string
  readonly isImported: boolean
  readonly fields: Map<number, ProtoField>
  readonly reserved: Ranges
  readonly reservedNames: ReadonlySet<string>
}

/** Ranges of numbers, each from its start to before its end. */
export class Ranges {
  readonly #ranges: readonly (readonly [start: number, end: number])[]

  constructor(ranges: readonly { start: number; end: number }[]) {
    const merged: [number, number][] = []
    for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
      const last = merged.at(-1)
      if (last && start <= last[1]) last[1] = Math.max(last[1], end)
      else merged.push([start, end])
    }
    this.#ranges = merged
  }

  has(number: number): boolean {
    let [low, high] = [0, this.#ranges.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#ranges[middle]?.[0] ?? 0) <= number) low = middle + 1
      else high = middle
    }
    return number < (this.#ranges[low - 1]?.[1] ?? 0)
  }
}

/** A `.proto` file, its types resolved. */
export interface ProtoFile {
  readonly package: string
  /** The file's own messages, nested ones too, by their names without the package. */
  readonly messages: ReadonlyMap<string, Message>
}

/** Reads a `.proto` text, with the files that it imports. Throws an InvalidSchemaError. */
export function parseProtobuf(text: SchemaText): ProtoFile {
  const { file } = linked(text)
  checkEnums(file.proto)
  const reader = new Reader(file.proto.name, file.proto.package)
  const own = withNested(file.messages).map(message => reader.message(message))
  reader.fillAll()
  return { package: file.proto.package, messages: new Map(own.map(each => [each.name, each])) }
}

function linked({ schema, references = [] }: SchemaText): ProtobufSchema {
  const others = references.map(({ name, schema }) => ({ name, schema: { schema } }))
  try {
    return new ProtobufSchema({ schema }, others)
  } catch (error) {
    if (error instanceof SchemaProblem) throw new InvalidSchemaError(error.message)
    throw error
  }
}

function withNested(messages: readonly DescMessage[]): DescMessage[] {
  return messages.flatMap(message => [message, ...withNested(message.nestedMessages)])
}

class Reader {
  readonly #file: string
  readonly #package: string
  readonly #messages = new Map<string, Message>()
  readonly #open: (readonly [DescMessage, Message])[] = []

  constructor(file: string, packageName: string) {
    this.#file = file
    this.#package = packageName
  }

  message(from: DescMessage): Message {
    const known = this.#messages.get(from.typeName)
    if (known) return known
    const isImported = from.file.proto.name !== this.#file
    const prefix = isImported || this.#package === '' ? 0 : this.#package.length + 1
    const { reservedRange, reservedName } = from.proto
    const message: Message = {
      name: from.typeName.slice(prefix),
      isImported,
      fields: new Map(),
      reserved: new Ranges(reservedRange),
      reservedNames: new Set(reservedName),
    }
    this.#messages.set(from.typeName, message)
    this.#open.push([from, message])
    return message
  }

  /** Reads the fields, one message after the other: a chain may be longer than the stack. */
  fillAll(): void {
    for (let next = this.#open.pop(); next; next = this.#open.pop()) {
      const [from, message] = next
      for (const field of from.fields) this.#add(field, message)
    }
  }

  #add(field: DescField, message: Message): void {
    const { number, name } = field
    checkNumber(field, message)
    const shape = { number, name, label: labelOf(field), type: this.#type(field) }
    const oneof = field.oneof?.name
    message.fields.set(number, oneof === undefined ? shape : { ...shape, oneof })
  }

  #type(field: DescField): FieldType {
    if (field.fieldKind === 'map') {
      return { is: 'map', key: scalar(field.mapKey), value: this.#single(field) }
    }
    return this.#single(field)
  }

  #single({ scalar: type, message, enum: values }: Kinds): FieldType {
    if (message) return { is: 'message', message: this.message(message) }
    if (values) return { is: 'scalar', name: `enum ${values.name}`, kind: 'number' }
    return scalar(type ?? ScalarType.BYTES)
  }
}

/** What a field, the items of a list or the values of a map consist of: one of these is there. */
interface Kinds {
  readonly scalar: ScalarType | undefined
  readonly message: DescMessage | undefined
  readonly enum: DescEnum | undefined
}

function scalar(type: ScalarType): FieldType {
  return { is: 'scalar', name: ScalarType[type].toLowerCase(), kind: scalarKinds[type] }
}

function labelOf(field: DescField): ProtoField['label'] {
  if (field.fieldKind === 'list' || field.fieldKind === 'map') return 'repeated'
  return field.presence === Presence.LEGACY_REQUIRED ? 'required' : 'single'
}

function checkNumber({ number, name }: DescField, message: Message): void {
  const at = `${message.name}.${name}`
  const isOwn = number >= 19_000 && number <= 19_999
  if (number < 1 || number > 2 ** 29 - 1 || isOwn) {
    throw new InvalidSchemaError(`${at}: ${number} is no number that a field may have`)
  }
  const other = message.fields.get(number)
  if (other) throw new InvalidSchemaError(`${at}: ${other.name} has the number ${number} already`)
  if (message.reserved.has(number) || message.reservedNames.has(name)) {
    throw new InvalidSchemaError(`${at}: its number or name is reserved`)
  }
}

function checkEnums(file: FileDescriptorProto): void {
  const check = ({ name, value: [first] }: EnumDescriptorProto) => {
    if (!first) throw new InvalidSchemaError(`the enum ${name} has no values`)
    if (file.syntax === 'proto3' && first.number !== 0) {
      throw new InvalidSchemaError(`the first value of the enum ${name} must be 0 in proto3`)
    }
  }
  const open = [...file.messageType]
  for (let message = open.pop(); message; message = open.pop()) {
    message.enumType.forEach(check)
    open.push(...message.nestedType)
  }
  file.enumType.forEach(check)
}
