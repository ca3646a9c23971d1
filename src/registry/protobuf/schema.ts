import type { DescFile, DescMessage, FileRegistry } from '@bufbuild/protobuf'
import { fromBinary } from '@bufbuild/protobuf'
import {
  type DescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt'
import type { Schema } from '../client/types.ts'
import { type MessageIndexes, type ReferencedSchema, SchemaProblem } from '../serde/format.ts'
import { link } from './link.ts'
import { parseProto } from './parser.ts'

/**
 * A registry's Protobuf schema as a descriptor: its text is a `.proto` file or, from some writers,
 * the base64 of a serialized descriptor.
 */
export function descriptorOf(text: string, name: string): FileDescriptorProto {
  const bytes = base64Of(text)
  if (bytes === undefined) return parseProto(text, name)
  try {
    const file = fromBinary(FileDescriptorProtoSchema, bytes)
    file.name = name
    return file
  } catch (cause) {
    throw new SchemaProblem(`its text is base64, but of no Protobuf descriptor: ${String(cause)}`, {
      cause,
    })
  }
}

/** No `.proto` file consists of base64's letters alone, as it has a `;` or `{`, or is empty. */
function base64Of(text: string): Buffer | undefined {
  const packed = text.trim()
  if (packed === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(packed)) return undefined
  return Buffer.from(packed, 'base64')
}

/** The messages of a schema: by name, and by the indexes with which payloads name them. */
export class ProtobufSchema {
  readonly #file: FileDescriptorProto
  readonly #types: FileRegistry
  readonly #found = new Map<string, DescMessage>()

  constructor(schema: Schema, references: readonly ReferencedSchema[]) {
    const others = references.map(each => descriptorOf(each.schema.schema, each.name))
    this.#file = descriptorOf(schema.schema, 'schema.proto')
    this.#types = link(this.#file, others)
  }

  /** All types of the schema and of what it imports, for JSON and for `Any`. */
  get types(): FileRegistry {
    return this.#types
  }

  get file(): DescFile {
    return this.#types.getFile(this.#file.name)!
  }

  /** The message with this full name, or the first of the file. */
  message(name?: string): DescMessage {
    const found = name === undefined ? this.file.messages[0] : this.#types.getMessage(name)
    if (found && found.file.proto.name === this.#file.name) return found
    const names = messageNames(this.#file).join(', ') || 'none'
    throw new SchemaProblem(`it has no message ${name ?? ''} (its messages: ${names})`)
  }

  /**
   * Where a message stands in its file: `[1]` is the second, `[1, 0]` the first within it. The
   * messages that maps bring with them count, as in protoc's descriptors.
   */
  indexesOf(message: DescMessage): MessageIndexes {
    const indexes: number[] = []
    let at: DescMessage | undefined = message
    for (; at; at = at.parent) {
      const siblings: readonly DescriptorProto[] =
        at.parent?.proto.nestedType ?? this.#file.messageType
      indexes.unshift(siblings.findIndex(each => each.name === at?.proto.name))
    }
    return indexes
  }

  messageAt(indexes: MessageIndexes): DescMessage {
    const key = indexes.join('.')
    const known = this.#found.get(key)
    if (known) return known
    const message = this.#messageAt(indexes)
    this.#found.set(key, message)
    return message
  }

  #messageAt(indexes: MessageIndexes): DescMessage {
    let siblings: readonly DescriptorProto[] = this.#file.messageType
    let name = this.#file.package
    for (const index of indexes) {
      const next = siblings[index]
      if (next === undefined) throw this.#noMessageAt(indexes)
      name = name === '' ? next.name : `${name}.${next.name}`
      siblings = next.nestedType
    }
    const found = this.#types.getMessage(name)
    if (!found) throw this.#noMessageAt(indexes)
    return found
  }

  #noMessageAt(indexes: MessageIndexes): SchemaProblem {
    const names = messageNames(this.#file).join(', ') || 'none'
    return new SchemaProblem(
      `it has no message at the indexes [${indexes.join(', ')}] (its messages: ${names})`,
    )
  }
}

/** The full name of a schema's message, without linking it to others. */
export function messageNameOf(schema: Schema, wanted?: string): string | undefined {
  return wanted ?? messageNames(descriptorOf(schema.schema, 'schema.proto'))[0]
}

function messageNames(file: FileDescriptorProto): string[] {
  const names: string[] = []
  const walk = (scope: string, messages: readonly DescriptorProto[]) => {
    for (const message of messages) {
      if (message.options?.mapEntry) continue
      const name = scope === '' ? message.name : `${scope}.${message.name}`
      names.push(name)
      walk(name, message.nestedType)
    }
  }
  walk(file.package, file.messageType)
  return names
}
