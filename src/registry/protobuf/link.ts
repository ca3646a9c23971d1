import { create, createFileRegistry, type FileRegistry } from '@bufbuild/protobuf'
import {
  type DescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Type as FieldType,
  type FileDescriptorProto,
  FileDescriptorSetSchema,
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
} from '@bufbuild/protobuf/wkt'
import { SchemaProblem } from '../serde/format.ts'

/** The files that come with Protobuf: schemas import them without referring to them. */
const wellKnown = new Map(
  [
    file_google_protobuf_any,
    file_google_protobuf_source_context,
    file_google_protobuf_type,
    file_google_protobuf_api,
    file_google_protobuf_descriptor,
    file_google_protobuf_duration,
    file_google_protobuf_empty,
    file_google_protobuf_field_mask,
    file_google_protobuf_struct,
    file_google_protobuf_timestamp,
    file_google_protobuf_wrappers,
  ].map(file => [file.proto.name, file.proto]),
)

/** Files of options and common types that schemas import but need not bring along. */
const optionalImport = /^(?:confluent|google\/(?:type|protobuf|api))\//

export function isWellKnown(path: string): boolean {
  return wellKnown.has(path)
}

/**
 * Finds what the type names of a file mean, in it and in the files that it imports, and gives a
 * registry of all their types. Throws a SchemaProblem for a name or import that nothing explains.
 */
export function link(
  file: FileDescriptorProto,
  others: readonly FileDescriptorProto[],
): FileRegistry {
  const files = collect(file, others)
  const symbols = new Map<string, FieldType.MESSAGE | FieldType.ENUM>()
  for (const each of files) declare(each, symbols)
  for (const each of files) {
    if (!wellKnown.has(each.name)) new Linker(each.name, symbols).file(each)
  }
  try {
    return createFileRegistry(create(FileDescriptorSetSchema, { file: files }))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new SchemaProblem(`its descriptors do not fit together: ${reason}`, { cause })
  }
}

/** A file with all that it imports, each after what it imports itself. */
function collect(
  file: FileDescriptorProto,
  others: readonly FileDescriptorProto[],
): FileDescriptorProto[] {
  const known = new Map(others.map(each => [each.name, each]))
  const done = new Map<string, FileDescriptorProto>()
  const open = new Set<string>()
  const visit = (each: FileDescriptorProto) => {
    if (open.has(each.name)) {
      throw new SchemaProblem(
        `files import each other in a loop: ${[...open, each.name].join(' -> ')}`,
      )
    }
    open.add(each.name)
    each.dependency = each.dependency.filter(path => {
      const target = known.get(path) ?? wellKnown.get(path)
      if (target === undefined && !optionalImport.test(path)) {
        throw new SchemaProblem(`${each.name} imports ${path}, which is not among its references`)
      }
      if (target && !done.has(path)) visit(target)
      return target !== undefined
    })
    open.delete(each.name)
    done.set(each.name, each)
  }
  visit(file)
  return [...done.values()]
}

function declare(
  file: FileDescriptorProto,
  symbols: Map<string, FieldType.MESSAGE | FieldType.ENUM>,
): void {
  const prefix = file.package === '' ? '' : `.${file.package}`
  const walk = (scope: string, messages: readonly DescriptorProto[]) => {
    for (const message of messages) {
      const name = `${scope}.${message.name}`
      symbols.set(name, FieldType.MESSAGE)
      for (const each of message.enumType) symbols.set(`${name}.${each.name}`, FieldType.ENUM)
      walk(name, message.nestedType)
    }
  }
  for (const each of file.enumType) symbols.set(`${prefix}.${each.name}`, FieldType.ENUM)
  walk(prefix, file.messageType)
}

/** Gives each field of one file the full name and the kind of its type. */
class Linker {
  readonly #file: string
  readonly #symbols: ReadonlyMap<string, FieldType.MESSAGE | FieldType.ENUM>

  constructor(file: string, symbols: ReadonlyMap<string, FieldType.MESSAGE | FieldType.ENUM>) {
    this.#file = file
    this.#symbols = symbols
  }

  file(file: FileDescriptorProto): void {
    const scope = file.package === '' ? '' : `.${file.package}`
    for (const field of file.extension) this.#field(field, scope)
    for (const message of file.messageType) this.#message(message, scope)
    for (const service of file.service) {
      for (const method of service.method) {
        method.inputType = this.#resolve(method.inputType, scope)
        method.outputType = this.#resolve(method.outputType, scope)
      }
    }
  }

  #message(message: DescriptorProto, outer: string): void {
    const scope = `${outer}.${message.name}`
    for (const field of message.field) this.#field(field, scope)
    for (const field of message.extension) this.#field(field, scope)
    for (const nested of message.nestedType) this.#message(nested, scope)
  }

  #field(field: FieldDescriptorProto, scope: string): void {
    if (field.extendee !== '') field.extendee = this.#resolve(field.extendee, scope)
    if (field.typeName === '') return
    field.typeName = this.#resolve(field.typeName, scope)
    if (field.type !== FieldType.GROUP) field.type = this.#symbols.get(field.typeName)!
  }

  /** The nearest meaning of a name: in the message itself, then outwards to the root. */
  #resolve(name: string, scope: string): string {
    if (name.startsWith('.')) {
      if (this.#symbols.has(name)) return name
      throw this.#unknown(name)
    }
    for (let at = scope; ; at = at.slice(0, at.lastIndexOf('.'))) {
      const candidate = `${at}.${name}`
      if (this.#symbols.has(candidate)) return candidate
      if (at === '') throw this.#unknown(name)
    }
  }

  #unknown(name: string): SchemaProblem {
    return new SchemaProblem(`${this.#file} uses the type ${name}, which nothing declares`)
  }
}
