import type { DescMessage, Message } from '@bufbuild/protobuf'
import { isFieldSet, ScalarType } from '@bufbuild/protobuf'
import { reflect } from '@bufbuild/protobuf/reflect'
import {
  type DescriptorProto,
  Edition,
  type EnumDescriptorProto,
  EnumOptionsSchema,
  EnumValueOptionsSchema,
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  type FileDescriptorProto,
  FileOptionsSchema,
  FieldDescriptorProto_Label as Label,
  MessageOptionsSchema,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt'

/**
 * A descriptor as the text of a `.proto` file, for a registry that is to keep what generated code
 * knows. Services and custom options are left out: they say nothing of how values are written.
 */
export function printProto(file: FileDescriptorProto): string {
  const lines = [headOf(file)]
  if (file.package !== '') lines.push(`package ${file.package};`)
  file.dependency.forEach((path, at) => {
    const kind = file.publicDependency.includes(at) ? 'public ' : ''
    lines.push(`import ${kind}${quoted(path)};`)
  })
  for (const option of optionsOf(FileOptionsSchema, file.options)) lines.push(`option ${option};`)
  const printer = new Printer(file)
  for (const each of file.enumType) lines.push('', ...printer.enum(each))
  for (const each of file.messageType) {
    if (!isOfGroup(each, file.extension)) lines.push('', ...printer.message(each))
  }
  for (const extended of printer.extensions(file.extension, file.messageType)) {
    lines.push('', ...extended)
  }
  return `${lines.join('\n')}\n`
}

function headOf(file: FileDescriptorProto): string {
  if (file.syntax !== 'editions') return `syntax = ${quoted(file.syntax || 'proto2')};`
  return `edition = "${Edition[file.edition]?.replace('EDITION_', '')}";`
}

const scalarNames = new Map<Type, string>([
  [Type.DOUBLE, 'double'],
  [Type.FLOAT, 'float'],
  [Type.INT64, 'int64'],
  [Type.UINT64, 'uint64'],
  [Type.INT32, 'int32'],
  [Type.FIXED64, 'fixed64'],
  [Type.FIXED32, 'fixed32'],
  [Type.BOOL, 'bool'],
  [Type.STRING, 'string'],
  [Type.BYTES, 'bytes'],
  [Type.UINT32, 'uint32'],
  [Type.SFIXED32, 'sfixed32'],
  [Type.SFIXED64, 'sfixed64'],
  [Type.SINT32, 'sint32'],
  [Type.SINT64, 'sint64'],
])

class Printer {
  readonly #file: FileDescriptorProto

  constructor(file: FileDescriptorProto) {
    this.#file = file
  }

  message(message: DescriptorProto): string[] {
    return [`message ${message.name} {`, ...indented(this.#body(message)), '}']
  }

  /** Nested messages stand in the order of the descriptor: messages' indexes count them. */
  #body(message: DescriptorProto): string[] {
    const lines = optionsOf(MessageOptionsSchema, message.options, ['map_entry']).map(
      option => `option ${option};`,
    )
    const inner = new Map(message.nestedType.map(each => [each.name, each]))
    const shownOneofs = new Set<number>()
    const pending = [...message.nestedType]
    const flushBefore = (name: string | undefined) => {
      // A map or group brings its message with it: those declared before it come first.
      while (pending.length > 0 && pending[0]!.name !== name) {
        const next = pending[0]!
        if (isOfField(next, message)) break
        lines.push(...this.message(next))
        pending.shift()
      }
      if (pending[0]?.name === name) pending.shift()
    }
    for (const field of message.field) {
      const brought = broughtName(field, inner)
      if (brought !== undefined) flushBefore(brought)
      const index = field.oneofIndex
      const inOneof = isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex)
      if (!inOneof || field.proto3Optional) lines.push(...this.#field(field, inner, true))
      else if (!shownOneofs.has(index)) {
        shownOneofs.add(index)
        const all = message.field.filter(each => !each.proto3Optional && isIn(each, index))
        const members = all.flatMap(each => this.#field(each, inner, false))
        lines.push(`oneof ${message.oneofDecl[index]!.name} {`, ...indented(members), '}')
      }
    }
    for (const rest of pending) if (!isOfField(rest, message)) lines.push(...this.message(rest))
    for (const each of message.enumType) lines.push(...this.enum(each))
    for (const extended of this.extensions(message.extension, message.nestedType)) {
      lines.push(...extended)
    }
    const ranges = message.extensionRange.map(each => range(each.start, each.end - 1, 2 ** 29 - 1))
    if (ranges.length > 0) lines.push(`extensions ${ranges.join(', ')};`)
    const reserved = message.reservedRange.map(each => range(each.start, each.end - 1, 2 ** 29 - 1))
    return [...lines, ...this.#reserved(reserved, message.reservedName)]
  }

  enum(made: EnumDescriptorProto): string[] {
    const options = optionsOf(EnumOptionsSchema, made.options).map(option => `option ${option};`)
    const values = made.value.map(value => {
      const given = optionsOf(EnumValueOptionsSchema, value.options)
      return `${value.name} = ${value.number}${given.length > 0 ? ` [${given.join(', ')}]` : ''};`
    })
    const ranges = made.reservedRange.map(each => range(each.start, each.end, 2 ** 31 - 1))
    const reserved = this.#reserved(ranges, made.reservedName)
    return [`enum ${made.name} {`, ...indented([...options, ...values, ...reserved]), '}']
  }

  /** Extensions, gathered by the message that they extend; groups' messages are among `beside`. */
  extensions(
    fields: readonly FieldDescriptorProto[],
    beside: readonly DescriptorProto[],
  ): string[][] {
    const inner = new Map(beside.map(each => [each.name, each]))
    const extended = [...new Set(fields.map(field => field.extendee))]
    return extended.map(name => {
      const own = fields.filter(field => field.extendee === name)
      const lines = own.flatMap(field => this.#field(field, inner, true))
      return [`extend ${name} {`, ...indented(lines), '}']
    })
  }

  #field(
    field: FieldDescriptorProto,
    inner: ReadonlyMap<string, DescriptorProto>,
    labelled: boolean,
  ): string[] {
    const options = this.#fieldOptions(field)
    const end = options.length > 0 ? ` [${options.join(', ')}]` : ''
    const entry = mapEntryOf(field, inner)
    if (entry) {
      const [key, value] = entry.field
      const type = `map<${typeName(key!)}, ${typeName(value!)}>`
      return [`${type} ${field.name} = ${field.number}${end};`]
    }
    const label = labelled ? this.#label(field) : ''
    if (field.type === Type.GROUP) {
      const body = inner.get(lastPart(field.typeName))
      const start = `${label}group ${lastPart(field.typeName)} = ${field.number}${end} {`
      return [start, ...indented(body ? this.#body(body) : []), '}']
    }
    return [`${label}${typeName(field)} ${field.name} = ${field.number}${end};`]
  }

  #label(field: FieldDescriptorProto): string {
    if (field.label === Label.REPEATED) return 'repeated '
    if (field.label === Label.REQUIRED) return 'required '
    const unsaid = this.#file.syntax === 'editions' || this.#file.syntax === 'proto3'
    return unsaid && !field.proto3Optional ? '' : 'optional '
  }

  #fieldOptions(field: FieldDescriptorProto): string[] {
    const options: string[] = []
    if (isFieldSet(field, FieldDescriptorProtoSchema.field.defaultValue)) {
      const { type, defaultValue } = field
      // The default of bytes is escaped already.
      const text = type === Type.STRING ? quoted(defaultValue) : `"${defaultValue}"`
      const isText = type === Type.STRING || type === Type.BYTES
      options.push(`default = ${isText ? text : defaultValue}`)
    }
    if (field.jsonName !== '' && field.jsonName !== jsonNameOf(field.name)) {
      options.push(`json_name = ${quoted(field.jsonName)}`)
    }
    return [...options, ...optionsOf(FieldOptionsSchema, field.options)]
  }

  #reserved(ranges: readonly string[], names: readonly string[]): string[] {
    const words = this.#file.syntax === 'editions' ? names : names.map(quoted)
    return [
      ...(ranges.length > 0 ? [`reserved ${ranges.join(', ')};`] : []),
      ...(names.length > 0 ? [`reserved ${words.join(', ')};`] : []),
    ]
  }
}

/** The name of the nested message that a map field or group brings with it. */
function broughtName(
  field: FieldDescriptorProto,
  inner: ReadonlyMap<string, DescriptorProto>,
): string | undefined {
  const brings = field.type === Type.GROUP || mapEntryOf(field, inner) !== undefined
  return brings ? lastPart(field.typeName) : undefined
}

function isOfField(nested: DescriptorProto, message: DescriptorProto): boolean {
  if (nested.options?.mapEntry) return true
  return isOfGroup(nested, message.field) || isOfGroup(nested, message.extension)
}

function isOfGroup(message: DescriptorProto, fields: readonly FieldDescriptorProto[]): boolean {
  return fields.some(
    field => field.type === Type.GROUP && lastPart(field.typeName) === message.name,
  )
}

function isIn(field: FieldDescriptorProto, oneof: number): boolean {
  const set = isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex)
  return set && field.oneofIndex === oneof
}

function mapEntryOf(
  field: FieldDescriptorProto,
  inner: ReadonlyMap<string, DescriptorProto>,
): DescriptorProto | undefined {
  if (field.type !== Type.MESSAGE || field.label !== Label.REPEATED) return undefined
  const nested = inner.get(lastPart(field.typeName))
  return nested?.options?.mapEntry ? nested : undefined
}

function typeName(field: FieldDescriptorProto): string {
  return field.typeName === '' ? (scalarNames.get(field.type) ?? 'bytes') : field.typeName
}

/** The options of descriptor.proto that are set: `name = value`, features one by one. */
function optionsOf(
  schema: DescMessage,
  options: Message | undefined,
  without: readonly string[] = [],
): string[] {
  if (options === undefined) return []
  const message = reflect(schema, options)
  return schema.fields.flatMap(field => {
    if (without.includes(field.name) || !message.isSet(field)) return []
    if (field.fieldKind === 'message') {
      const inner = optionsOf(field.message, message.get(field).message)
      return inner.map(each => `${field.name}.${each}`)
    }
    if (field.fieldKind === 'enum') {
      const number = message.get(field)
      const value = field.enum.values.find(each => each.number === number)
      return value ? [`${field.name} = ${value.name}`] : []
    }
    if (field.fieldKind !== 'scalar') return []
    const value: unknown = message.get(field)
    const text = field.scalar === ScalarType.STRING ? quoted(String(value)) : String(value)
    return [`${field.name} = ${text}`]
  })
}

function range(start: number, last: number, max: number): string {
  if (start === last) return String(start)
  return `${start} to ${last >= max ? 'max' : last}`
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`
}

function indented(lines: readonly string[]): string[] {
  return lines.map(line => (line === '' ? '' : `  ${line}`))
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

function jsonNameOf(name: string): string {
  return name.replace(/_+(.?)/g, (_, next: string) => next.toUpperCase())
}
