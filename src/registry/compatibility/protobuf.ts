import { type Compare, comparePairs, type Finding } from './pairs.ts'
import type { FieldType, Message, ProtoField, ProtoFile } from './protobuf-model.ts'

type Inside = Compare<Message, Message>

/** Can the reader's types read what the writer's wrote? */
export function compareProtobuf(reader: ProtoFile, writer: ProtoFile): readonly Finding[] {
  return comparePairs<ProtoFile | Message, ProtoFile | Message>(
    reader,
    writer,
    (one, other, inside) => {
      if ('messages' in one && 'messages' in other) return readFile(one, other, inside)
      return 'fields' in one && 'fields' in other ? readMessage(one, other, inside) : []
    },
  )
}

/** As Confluent has it, a message must also stay where it is, since a consumer names it. */
function readFile(reader: ProtoFile, writer: ProtoFile, inside: Inside): Finding[] {
  const messages = [...writer.messages].flatMap(([name, message]) => {
    const path = `#/${name}`
    const counterpart = reader.messages.get(name)
    if (counterpart) return [...inside(counterpart, message, path)]
    const sentence = `the {reader} schema has no message '${name}', the {writer} schema has`
    return [{ type: 'MESSAGE_REMOVED', path, message: sentence }]
  })
  if (reader.package === writer.package) return messages
  const packages = `'${reader.package}' in the {reader} schema, '${writer.package}' in the {writer} schema`
  return [
    { type: 'PACKAGE_CHANGED', path: '#/', message: `the package is ${packages}` },
    ...messages,
  ]
}

function readMessage(reader: Message, writer: Message, inside: Inside): Finding[] {
  const numbers = [...new Set([...writer.fields.keys(), ...reader.fields.keys()])]
  const kept = oneofsKept(reader, writer)
  const fields = numbers
    .sort((a, b) => a - b)
    .flatMap(number => {
      const one = reader.fields.get(number)
      const other = writer.fields.get(number)
      if (one && other) return readField(one, other, inside)
      return one ? addedField(one) : other ? removedField(other, kept) : []
    })
  return [...readOneofs(reader, writer), ...fields]
}

/** The writer's oneofs of which the reader has a member. */
function oneofsKept(reader: Message, writer: Message): Set<string> {
  const members = [...writer.fields.values()].filter(({ number }) => reader.fields.has(number))
  return new Set(members.flatMap(({ oneof }) => oneof ?? []))
}

function addedField({ label, number, name }: ProtoField): Finding[] {
  if (label !== 'required') return []
  const message = `the {reader} schema requires '${name}', which the {writer} schema does not have`
  return [{ type: 'REQUIRED_FIELD_ADDED', path: `/${number}`, message }]
}

function removedField(field: ProtoField, kept: ReadonlySet<string>): Finding[] {
  const { label, number, name, oneof } = field
  if (label === 'required') {
    const message = `the {reader} schema lacks '${name}', which the {writer} schema requires`
    return [{ type: 'REQUIRED_FIELD_REMOVED', path: `/${number}`, message }]
  }
  // A oneof that went with all its members is gone; one that lost a member reads as empty.
  if (oneof === undefined || !kept.has(oneof)) return []
  const message = `the {reader} schema lacks '${name}' of the oneof '${oneof}' of the {writer} schema`
  return [{ type: 'ONEOF_FIELD_REMOVED', path: `/${oneof}/${number}`, message }]
}

/** Fields that could be set together may not become members of one oneof: all but one are lost. */
function readOneofs(reader: Message, writer: Message): Finding[] {
  const members = new Map<string, ProtoField[]>()
  for (const field of reader.fields.values()) {
    const earlier = field.oneof === undefined ? undefined : writer.fields.get(field.number)
    if (field.oneof === undefined || !earlier) continue
    const others = members.get(field.oneof)
    if (others) others.push(earlier)
    else members.set(field.oneof, [earlier])
  }
  return [...members].flatMap(([oneof, earlier]) => {
    const groups = new Set(earlier.map(field => field.oneof ?? field.number))
    if (groups.size < 2) return []
    const loose = earlier.filter(field => field.oneof === undefined).length
    const type = loose > 1 ? 'MULTIPLE_FIELDS_MOVED_TO_ONEOF' : 'FIELD_MOVED_TO_EXISTING_ONEOF'
    const names = earlier.slice(0, 10).map(field => field.name)
    const message = `the oneof '${oneof}' of the {reader} schema joins fields that are apart in the {writer} schema: ${names.join(', ')}`
    return [{ type, path: `/${oneof}`, message }]
  })
}

function readField(reader: ProtoField, writer: ProtoField, inside: Inside): Finding[] {
  const at = `/${reader.number}`
  return [...readLabel(reader, writer, at), ...readType(reader.type, writer.type, at, inside)]
}

function readLabel(reader: ProtoField, writer: ProtoField, path: string): Finding[] {
  const labels = `${reader.label} in the {reader} schema, ${writer.label} in the {writer} schema`
  const message = `the field '${reader.name}' is ${labels}`
  if (reader.label === 'required' && writer.label !== 'required') {
    return [{ type: 'REQUIRED_FIELD_ADDED', path, message }]
  }
  const repeats = reader.label === 'repeated' || writer.label === 'repeated'
  if (reader.label === writer.label || !repeats) return []
  // Of several texts or messages a reader takes the last; packed numbers are other bytes.
  const isPackable = reader.type.is === 'scalar' && reader.type.kind !== 'text'
  return isPackable ? [{ type: 'FIELD_NUMERIC_LABEL_CHANGED', path, message }] : []
}

function readType(reader: FieldType, writer: FieldType, path: string, inside: Inside): Finding[] {
  const types = `${shown(reader)} in the {reader} schema, ${shown(writer)} in the {writer} schema`
  const message = `the type is ${types}`
  if (reader.is === 'scalar' && writer.is === 'scalar') {
    if (reader.kind === writer.kind) return []
    return [{ type: 'FIELD_SCALAR_KIND_CHANGED', path, message }]
  }
  if (reader.is === 'map' && writer.is === 'map') {
    return [
      ...readType(reader.key, writer.key, path, inside),
      ...readType(reader.value, writer.value, path, inside),
    ]
  }
  if (reader.is === 'message' && writer.is === 'message') {
    if (reader.message.name !== writer.message.name) {
      return [{ type: 'FIELD_NAMED_TYPE_CHANGED', path, message }]
    }
    // The file's own messages are compared each for itself.
    const isOwn = !reader.message.isImported && !writer.message.isImported
    return isOwn ? [] : [...inside(reader.message, writer.message, path)]
  }
  return [{ type: 'FIELD_KIND_CHANGED', path, message }]
}

function shown(type: FieldType): string {
  switch (type.is) {
    case 'message':
      return type.message.name
    case 'map':
      return `map<${shown(type.key)}, ${shown(type.value)}>`
    default:
      return type.name
  }
}

/**
 * Numbers and names that the old schema reserved, and the new one uses: data of the field for which
 * they were reserved may still be there. This does not depend on who reads whom.
 */
export function reservedInUse(proposed: ProtoFile, existing: ProtoFile): Finding[] {
  return [...proposed.messages].flatMap(([name, message]) => {
    const earlier = existing.messages.get(name)
    return [...message.fields.values()].flatMap(field => {
      const byNumber = earlier?.reserved.has(field.number) === true
      if (!byNumber && !earlier?.reservedNames.has(field.name)) return []
      const what = byNumber ? `number ${field.number}` : `name '${field.name}'`
      const sentence = `the {reader} schema uses the ${what}, which the {writer} schema reserves`
      return [{ type: 'RESERVED_FIELD_USED', path: `#/${name}/${field.number}`, message: sentence }]
    })
  })
}
