import protobuf from 'protobufjs'
import { isObject, type JsonObject } from './json-text.ts'
import { InvalidSchemaError, type SchemaText } from './types.ts'

const scalarKinds = {
  int32: 'number',
  int64: 'number',
  uint32: 'number',
  uint64: 'number',
  bool: 'number',
  sint32: 'signed number',
  sint64: 'signed number',
  fixed32: 'fixed32',
  sfixed32: 'fixed32',
  fixed64: 'fixed64',
  sfixed64: 'fixed64',
  float: 'float',
  double: 'double',
  string: 'text',
  bytes: 'text',
} as const
/** Types of one kind have the same bytes on the wire, or bytes that each can read. */
export type ScalarKind = (typeof scalarKinds)[keyof typeof scalarKinds]

export type FieldType =
  | { readonly is: 'scalar'; readonly name: string; readonly kind: ScalarKind }
  | { readonly is: 'message'; readonly message: Message }
  /** A message of a file that is not at hand, such as google/protobuf/timestamp.proto. */
  | { readonly is: 'foreign'; readonly name: string }
  | { readonly is: 'map'; readonly key: FieldType; readonly value: FieldType }

export interface ProtoField {
  readonly number: number
  readonly name: string
  readonly label: 'single' | 'required' | 'repeated'
  readonly oneof?: string
  readonly type: FieldType
}

export interface Message {
  /** Without the package. */
  readonly name: string
  /** Whether an imported file declares it. */
  readonly isImported: boolean
  readonly fields: Map<number, ProtoField>
  readonly reservedNumbers: readonly (readonly [number, number])[]
  readonly reservedNames: readonly string[]
}

/** A `.proto` file, its types resolved. */
export interface ProtoFile {
  readonly package: string
  /** The file's own messages, nested ones too, by their names without the package. */
  readonly messages: ReadonlyMap<string, Message>
}

const MAX_NUMBER = 2 ** 29 - 1

/** Reads a `.proto` text, after the files that it imports. Throws an InvalidSchemaError. */
export function parseProtobuf({ schema, references = [] }: SchemaText): ProtoFile {
  const scope: Scope = new Map()
  const imports = references.map(each => read(each.schema, each.name, true))
  const files = [...imports, read(schema, 'the schema', false)]
  const declared = files.map(file => declare(file, scope))
  for (const list of declared) for (const each of list) fill(each, scope)
  const own = declared.at(-1) ?? []
  return {
    package: files.at(-1)?.package ?? '',
    messages: new Map(own.map(({ message }) => [message.name, message])),
  }
}

interface Source {
  readonly package: string
  readonly root: JsonObject
  readonly isProto3: boolean
  readonly isImported: boolean
}

/** What a full name means: a message, or an enum, which is a number on the wire. */
type Scope = Map<string, Message | 'enum'>

interface Declared {
  readonly message: Message
  readonly fullName: string
  readonly json: JsonObject
}

function read(text: string, name: string, isImported: boolean): Source {
  try {
    const parsed = protobuf.parse(text, new protobuf.Root(), { keepCase: true })
    const root: unknown = parsed.root.toJSON()
    const isProto3 = /^\s*syntax\s*=\s*["']proto3["']/m.test(text)
    return { package: parsed.package ?? '', root: objectOf(root), isProto3, isImported }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new InvalidSchemaError(`${name}: ${reason}`)
  }
}

function declare(source: Source, scope: Scope): Declared[] {
  const found: Declared[] = []
  const prefix = source.package === '' ? '' : `${source.package}.`
  const visit = (json: JsonObject, path: string) => {
    for (const [name, child] of Object.entries(objectOf(json.nested))) {
      if (!isObject(child)) continue
      const fullName = path === '' ? name : `${path}.${name}`
      if (isObject(child.values)) declareEnum(fullName, child.values, source, scope)
      if (isObject(child.fields)) {
        const message = messageOf(fullName.slice(prefix.length), child, source)
        scope.set(fullName, message)
        found.push({ message, fullName, json: child })
      }
      visit(child, fullName)
    }
  }
  visit(source.root, '')
  return found
}

function declareEnum(name: string, values: JsonObject, source: Source, scope: Scope): void {
  const [first] = Object.values(values)
  if (first === undefined) throw new InvalidSchemaError(`the enum ${name} has no values`)
  if (source.isProto3 && first !== 0) {
    throw new InvalidSchemaError(`the first value of the enum ${name} must be 0 in proto3`)
  }
  scope.set(name, 'enum')
}

function messageOf(name: string, json: JsonObject, { isImported }: Source): Message {
  const reserved: unknown[] = Array.isArray(json.reserved) ? json.reserved : []
  return {
    name,
    isImported,
    fields: new Map(),
    reservedNames: reserved.filter(each => typeof each === 'string'),
    reservedNumbers: reserved.flatMap(each => {
      return Array.isArray(each) ? [[Number(each[0]), Number(each[1])] as const] : []
    }),
  }
}

/** Gives a message its fields, when all names are known. */
function fill({ message, fullName, json }: Declared, scope: Scope): void {
  const oneofs = new Map<string, string>()
  for (const [oneof, members] of Object.entries(objectOf(json.oneofs))) {
    const names: unknown = objectOf(members).oneof
    if (!Array.isArray(names)) continue
    // `optional` of proto3 is a oneof of its own, with a name that starts with _.
    const isSynthetic = oneof.startsWith('_') && names.length === 1
    if (!isSynthetic) for (const name of names) oneofs.set(String(name), oneof)
  }
  for (const [name, given] of Object.entries(objectOf(json.fields))) {
    const field = objectOf(given)
    const number = numberOf(field.id, `${fullName}.${name}`)
    const oneof = oneofs.get(name)
    const type = typeOf(field, fullName, scope)
    const shape = { number, name, label: labelOf(field), type }
    message.fields.set(number, oneof === undefined ? shape : { ...shape, oneof })
  }
}

function numberOf(id: unknown, field: string): number {
  const number = Number(id)
  const isTaken = number >= 19_000 && number <= 19_999
  if (Number.isInteger(number) && number >= 1 && number <= MAX_NUMBER && !isTaken) return number
  throw new InvalidSchemaError(`${field}: ${String(id)} is no number that a field may have`)
}

function labelOf(field: JsonObject): ProtoField['label'] {
  const presence = objectOf(objectOf(field.options).features).field_presence
  if (field.rule === 'required' || presence === 'LEGACY_REQUIRED') return 'required'
  return field.rule === 'repeated' ? 'repeated' : 'single'
}

function typeOf(field: JsonObject, within: string, scope: Scope): FieldType {
  const value = named(String(field.type), within, scope)
  if (typeof field.keyType !== 'string') return value
  return { is: 'map', key: named(field.keyType, within, scope), value }
}

function named(name: string, within: string, scope: Scope): FieldType {
  const kind = Object.hasOwn(scalarKinds, name) && scalarKinds[name as keyof typeof scalarKinds]
  if (kind) return { is: 'scalar', name, kind }
  const found = resolve(name, within, scope)
  if (found === 'enum') return { is: 'scalar', name: `enum ${name}`, kind: 'number' }
  if (found) return { is: 'message', message: found }
  const foreign = name.replace(/^\./, '')
  if (/^(google|confluent)\./.test(foreign)) return { is: 'foreign', name: foreign }
  throw new InvalidSchemaError(`${within}: the type ${name} is not defined`)
}

/** A name is looked up from the innermost scope outwards; a leading dot means the outermost. */
function resolve(name: string, within: string, scope: Scope): Message | 'enum' | undefined {
  if (name.startsWith('.')) return scope.get(name.slice(1))
  for (let prefix = within; prefix !== ''; prefix = outer(prefix)) {
    const found = scope.get(`${prefix}.${name}`)
    if (found) return found
  }
  return scope.get(name)
}

const outer = (name: string) => name.slice(0, Math.max(0, name.lastIndexOf('.')))

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}
